using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// The facts about an open that outlive its session (MS-SMB2 3.3.1.10), as plain values. The file system does not interpret them.
/// </summary>
internal sealed record DurableFacts
{
    /// <summary>Open.DurableFileId, the persistent part of the file id.</summary>
    public required ulong PersistentId { get; init; }

    /// <summary>The share that it was opened on.</summary>
    public required string Share { get; init; }

    /// <summary>Open.IsResilient: it stays whatever other clients want; otherwise it is durable.</summary>
    public bool IsResilient { get; init; }

    /// <summary>How long it waits for its client.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Open.CreateGuid; <see langword="null"/> if the CREATE named none.</summary>
    public Guid? CreateGuid { get; init; }

    /// <summary>Open.AppInstanceId; <see langword="null"/> if no application is known.</summary>
    public Guid? AppInstanceId { get; init; }

    /// <summary>Open.ApplicationInstanceVersionHigh and Low.</summary>
    public (ulong High, ulong Low)? AppInstanceVersion { get; init; }

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
}
