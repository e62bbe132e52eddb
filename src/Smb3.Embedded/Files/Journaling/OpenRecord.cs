using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>The whole state of an open at one moment, as plain values: what it takes to recreate it, here or in another process.</summary>
internal sealed record OpenRecord
{
    /// <summary>The file (<see cref="FileMetadata.FileId"/>); 0 while it is only planned to be made (<see cref="Plan"/>).</summary>
    public required ulong FileId { get; init; }

    /// <summary>The name by which it is open.</summary>
    public required StorePath Path { get; init; }

    /// <summary>
    /// The name that the store was just being asked to give it: it has either. <see langword="null"/> when it was not being renamed.
    /// </summary>
    public StorePath? MovingTo { get; init; }

    /// <summary>The stream that is open; <see langword="null"/> for the file itself.</summary>
    public string? Stream { get; init; }

    /// <summary>The name that the stream was just being given: it has either. <see langword="null"/> when it was not being renamed.</summary>
    public string? MovingToStream { get; init; }

    /// <summary>What its CREATE has still to do, or may have done; <see langword="null"/>: it is done.</summary>
    public CreatePlan? Plan { get; init; }

    /// <summary>Whether it is a directory.</summary>
    public required bool IsDirectory { get; init; }

    /// <summary>The rights that it has.</summary>
    public required FileAccessMask GrantedAccess { get; init; }

    /// <summary>What it lets other opens do.</summary>
    public required ShareAccess ShareAccess { get; init; }

    /// <summary>How it was opened.</summary>
    public required CreateOptions Options { get; init; }

    /// <summary>Who opened it.</summary>
    public required FileCaller Caller { get; init; }

    /// <summary>The client machine that opened it.</summary>
    public Guid ClientGuid { get; init; }

    /// <summary>The most that the share lets the caller do.</summary>
    public required FileAccessMask ShareMaximalAccess { get; init; }

    /// <summary>Whether its client speaks the POSIX extensions.</summary>
    public bool IsPosix { get; init; }

    /// <summary>Whether a listing leaves out entries that the caller may not read.</summary>
    public bool HidesUnreadable { get; init; }

    /// <summary>Whether its close deletes the name (FILE_DELETE_ON_CLOSE).</summary>
    public bool DeleteOnClose { get; init; }

    /// <summary>Whether its name, or stream, is to be deleted when it has no opens any more (FileDispositionInformation).</summary>
    public bool DeletePending { get; init; }

    /// <summary>Whether its own close does that, whatever other opens the file has (FILE_DISPOSITION_POSIX_SEMANTICS).</summary>
    public bool DeletesAtOnce { get; init; }

    /// <summary>FilePositionInformation.</summary>
    public long Position { get; init; }

    /// <summary>The times that it has set or frozen.</summary>
    public PinnedTimes Pinned { get; init; }

    /// <summary>The lease that it belongs to.</summary>
    public LeaseIdentity? Lease { get; init; }

    /// <summary>
    /// What the client caches; while a break is pending, what it cached before; while the file is only planned to be made, what it asks for.
    /// </summary>
    public CacheState Caching { get; init; }

    /// <summary>The epoch of its lease.</summary>
    public ushort LeaseEpoch { get; init; }

    /// <summary>
    /// What the client was asked to keep of it, by a break that it had not answered (<see cref="CacheGrant.BreakingTo"/>);
    /// <see langword="null"/>: none was pending.
    /// </summary>
    public CacheState? BreakingTo { get; init; }

    /// <summary>What it was to keep in the end (<see cref="CacheGrant.BreakingFor"/>).</summary>
    public CacheState BreakingFor { get; init; }

    /// <summary>Its byte-range locks.</summary>
    public IReadOnlyList<LockRequest> Locks { get; init; } = [];

    /// <summary>Open.LockSequenceArray (<see cref="LockSequences.ToArray"/>).</summary>
    public IReadOnlyList<byte> LockSequences { get; init; } = [];

    /// <summary>Its durable facts, which outlive its session.</summary>
    public required DurableFacts Durable { get; init; }

    /// <summary>The caching that the open of a file asks for that is only planned to be made; <see langword="null"/>: none.</summary>
    /// <param name="table">The leases of its client; <see langword="null"/> if it has none.</param>
    /// <param name="sink">Where breaks go.</param>
    public CachingRequest? WishOf(LeaseTable? table, IBreakSink? sink) => Lease is null && Caching == CacheState.None ? null : new CachingRequest
    {
        State = Caching,
        Sink = sink,
        Table = Lease is null ? null : table,
        Lease = table is null ? null : Lease,
        Epoch = LeaseEpoch,
        MayLeaseDirectories = Plan is { MayLeaseDirectories: true },
    };
}
