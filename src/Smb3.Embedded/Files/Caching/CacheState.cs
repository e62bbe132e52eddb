namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// What a client may cache (MS-SMB2 2.2.13.2.8, LeaseState; the values are those of the wire). An oplock is the same thing for
/// one open: level II is R, exclusive RW, batch RWH.
/// </summary>
[Flags]
internal enum CacheState : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>R: data that was read; no one else writes without a break.</summary>
    Read = 0x01,

    /// <summary>H: the handle after its user closed it; it keeps no one else out without a break.</summary>
    Handle = 0x02,

    /// <summary>W: data that was written; no one else reads or writes without a break.</summary>
    Write = 0x04,
}
