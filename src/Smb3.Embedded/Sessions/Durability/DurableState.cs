using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Sessions.Durability;

/// <summary>
/// Everything about an open without a connection, as plain values: what it takes to recreate the open, here or in another process. Nothing
/// in it is tied to a socket, a session or a store's handle.
/// </summary>
internal sealed record DurableState
{
    /// <summary>Open.DurableFileId, the persistent part of the file id.</summary>
    public required ulong PersistentId { get; init; }

    /// <summary>How it was made durable.</summary>
    public required OpenDurability Durability { get; init; }

    /// <summary>The client that opened it.</summary>
    public required Guid ClientGuid { get; init; }

    /// <summary>Open.CreateGuid; <see langword="null"/>: the CREATE named none.</summary>
    public Guid? CreateGuid { get; init; }

    /// <summary>Open.DurableOwner, the name of the user who opened it.</summary>
    public required string Owner { get; init; }

    /// <summary>The SID of that user, and the domain: users are compared by these.</summary>
    public Sid? OwnerSid { get; init; }

    public string OwnerDomain { get; init; } = "";

    /// <summary>The share that it was opened on.</summary>
    public required string Share { get; init; }

    /// <summary>The application that opened it.</summary>
    public AppInstance? AppInstance { get; init; }

    /// <summary>The open as the file system knows it: file, path, access, sharing, options, delete on close, position, lease.</summary>
    public required OpenState Open { get; init; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset OpenedAt { get; init; }

    /// <summary>Whether its name, or stream, is to be deleted when no open of it is left (FileDispositionInformation).</summary>
    public bool DeletePending { get; init; }

    /// <summary>Whether its own close does that, even if the file is open elsewhere (FILE_DISPOSITION_POSIX_SEMANTICS).</summary>
    public bool DeletesAtOnce { get; init; }

    /// <summary>The stream that is open; <see langword="null"/>: the file itself.</summary>
    public string? Stream { get; init; }

    /// <summary>What the client caches.</summary>
    public CacheState Caching { get; init; }

    /// <summary>The epoch of its lease.</summary>
    public ushort LeaseEpoch { get; init; }

    /// <summary>Its byte-range locks.</summary>
    public IReadOnlyList<LockRequest> Locks { get; init; } = [];

    /// <summary>Open.LockSequenceArray (<see cref="Files.Journaling.LockSequences.ToArray"/>).</summary>
    public IReadOnlyList<byte> LockSequences { get; init; } = [];
}

/// <summary>What lets an open outlive its connection.</summary>
internal enum DurableKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>
    /// A durable handle (Open.IsDurable): it stays as long as the client caches the handle and no other open needs the file.
    /// </summary>
    Durable,

    /// <summary>A resilient handle (Open.IsResilient): it stays whatever other opens need.</summary>
    Resilient,
}

/// <summary>What lets an open outlive its connection, and for how long.</summary>
/// <remarks>A reference type, because it is replaced as a whole while other threads look at it.</remarks>
internal sealed record OpenDurability(DurableKind Kind, TimeSpan Timeout)
{
    /// <summary>The durability of an open that ends with its connection.</summary>
    public static OpenDurability None { get; } = new(DurableKind.None, TimeSpan.Zero);
}

/// <summary>The application instance that opened a file (MS-SMB2 2.2.13.2.13 and 2.2.13.2.15).</summary>
/// <param name="Id">Open.AppInstanceId.</param>
/// <param name="High">Open.ApplicationInstanceVersionHigh; <see langword="null"/>: no version was given.</param>
/// <param name="Low">Open.ApplicationInstanceVersionLow.</param>
internal sealed record AppInstance(Guid Id, ulong? High, ulong? Low)
{
    /// <summary>
    /// Whether this instance must leave the file to <paramref name="holder"/>, which has it open (MS-SMB2 3.3.5.9.13): only an instance
    /// with a version can be behind another.
    /// </summary>
    public bool IsBehind(AppInstance holder) =>
        High is { } own && holder.High is { } high && (high > own || (high == own && holder.Low >= Low));
}
