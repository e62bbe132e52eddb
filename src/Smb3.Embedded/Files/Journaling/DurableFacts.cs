using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>What lets an open outlive its connection.</summary>
internal enum DurableKind
{
    /// <summary>Nothing: it is only known by its create guid or its application.</summary>
    None,

    /// <summary>
    /// A durable handle (Open.IsDurable): it stays as long as the client caches the handle and no other open needs the file.
    /// </summary>
    Durable,

    /// <summary>A resilient handle (Open.IsResilient): it stays whatever other opens need.</summary>
    Resilient,

    /// <summary>
    /// A persistent handle (Open.IsPersistent): it stays whatever other opens need, and whatever becomes of the process.
    /// </summary>
    Persistent,
}

/// <summary>
/// The facts about an open that outlive its session (MS-SMB2 3.3.1.10), as plain values. The file system keeps them
/// (<see cref="OpenState.Durable"/>) and does not interpret them.
/// </summary>
internal sealed record DurableFacts
{
    /// <summary>Open.DurableFileId, the persistent part of the file id.</summary>
    public required ulong PersistentId { get; init; }

    /// <summary>The share that it was opened on.</summary>
    public required string Share { get; init; }

    /// <summary>What lets it outlive its connection.</summary>
    public DurableKind Kind { get; init; }

    /// <summary>How long it waits for its client.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Open.CreateGuid; <see langword="null"/> if the CREATE named none.</summary>
    public Guid? CreateGuid { get; init; }

    /// <summary>The application that opened it; <see langword="null"/> if none is known.</summary>
    public AppInstance? Application { get; init; }

    /// <summary>Open.DurableOwner: the user's name, domain and SID.</summary>
    public required string Owner { get; init; }

    /// <summary>The domain of the user.</summary>
    public string OwnerDomain { get; init; } = string.Empty;

    /// <summary>The SID of the user, by which users are compared.</summary>
    public Sid? OwnerSid { get; init; }

    /// <summary>Whether the SID was derived from the name, and so does not tell the user apart from all others.</summary>
    public bool IsOwnerSidFromName { get; init; }

    /// <summary>When it was opened.</summary>
    public DateTimeOffset OpenedAt { get; init; }

    /// <summary>What the CREATE did, for a client that sends it again.</summary>
    public CreateAction Action { get; init; }

    /// <summary>Open.DesiredAccess: the access that the CREATE asked for, which it asks for again when it is replayed.</summary>
    public FileAccessMask DesiredAccess { get; init; }

    /// <summary>Open.CreateOptions: the options of the CREATE, as they were before anything changed them.</summary>
    public CreateOptions CreateOptions { get; init; }
}
