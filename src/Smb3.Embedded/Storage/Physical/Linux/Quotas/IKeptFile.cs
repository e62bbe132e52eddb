using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>A small file of the store's own, in the shared folder and out of the reach of clients. The root is held meanwhile.</summary>
internal interface IKeptFile
{
    /// <summary>Where it is, for messages.</summary>
    string Path { get; }

    /// <summary>Tells one version of it from another; <see langword="default"/>: there is none.</summary>
    Errno Stamp(out FileStamp stamp);

    /// <summary>Reads all of it.</summary>
    Errno Read(out byte[] content);

    /// <summary>Puts another version in its place, in one step that survives a loss of power.</summary>
    Errno Replace(ReadOnlySpan<byte> content);
}

/// <summary>A version of a file: no two have both the same inode and the same change time.</summary>
internal readonly record struct FileStamp(ulong Inode, long Seconds, uint Nanoseconds, long Length);
