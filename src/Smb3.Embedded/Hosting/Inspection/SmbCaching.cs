namespace Smb3.Embedded;

/// <summary>What a lease or an oplock lets a client keep in its own memory.</summary>
[Flags]
public enum SmbCaching
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>What it has read.</summary>
    Read = 0x01,

    /// <summary>The open itself, after its program has closed it.</summary>
    Handle = 0x02,

    /// <summary>What its program has written.</summary>
    Write = 0x04,
}
