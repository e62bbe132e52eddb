namespace Smb3.Embedded.Storage.Physical.Options;

/// <summary>The implementations of a physical store.</summary>
internal enum PhysicalBackend
{
    /// <summary>The best that the operating system supports.</summary>
    Best,

    /// <summary>By handle, beneath an open root.</summary>
    Linux,

    /// <summary>The same for kernels without openat2: in that case no symbolic link is followed.</summary>
    LinuxWalk,

    /// <summary>By path, with System.IO.</summary>
    Portable,
}
