using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The state of an open from which it can be built again: plain values, no delegates, sockets or handles. It is what a durable handle
/// keeps. Changed only by its <see cref="FileOpen"/>.
/// </summary>
internal sealed record OpenRecord
{
    /// <summary>The file (<see cref="FileMetadata.FileId"/>).</summary>
    public required ulong FileId { get; init; }

    /// <summary>The name by which it was opened, as of now.</summary>
    public required StorePath Path { get; set; }

    /// <summary>Whether it is a directory.</summary>
    public required bool IsDirectory { get; init; }

    /// <summary>The rights that the open has.</summary>
    public required FileAccessMask GrantedAccess { get; init; }

    /// <summary>What it lets other opens do.</summary>
    public required ShareAccess ShareAccess { get; init; }

    /// <summary>How it was opened.</summary>
    public required CreateOptions Options { get; set; }

    /// <summary>Who opened it.</summary>
    public required FileCaller Caller { get; init; }

    /// <summary>The client machine that opened it, which stays the same when a durable handle comes back in another session.</summary>
    public Guid ClientGuid { get; init; }

    /// <summary>The most that the share lets the caller do.</summary>
    public required FileAccessMask ShareMaximalAccess { get; init; }

    /// <summary>Whether its client speaks the POSIX extensions: it deletes and replaces what others have open.</summary>
    public bool IsPosix { get; init; }

    /// <summary>Whether a listing leaves out what the caller may not read.</summary>
    public bool HidesUnreadable { get; init; }

    /// <summary>The lease that it belongs to.</summary>
    public LeaseIdentity? Lease { get; init; }

    /// <summary>Whether closing it deletes the name (FILE_DELETE_ON_CLOSE).</summary>
    public bool DeleteOnClose { get; set; }

    /// <summary>FilePositionInformation.</summary>
    public long Position { get; set; }

    /// <summary>The times that this open has set or frozen, and so no longer moves by itself (MS-FSA 2.1.1.6).</summary>
    public PinnedTimes Pinned { get; set; }
}

/// <summary>Times of a file that one open keeps from moving by themselves.</summary>
[Flags]
internal enum PinnedTimes
{
    /// <summary>All move.</summary>
    None = 0,

    /// <summary>The creation time (which never moves by itself anyway).</summary>
    Creation = 1,

    /// <summary>The last access time.</summary>
    LastAccess = 2,

    /// <summary>The last write time.</summary>
    LastWrite = 4,

    /// <summary>The change time.</summary>
    Change = 8,
}
