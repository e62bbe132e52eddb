namespace Smb3.Embedded.Files.Caching;

/// <summary>The notice to a client that it must give up caching (MS-SMB2 2.2.23).</summary>
/// <param name="Lease">The lease; <see langword="null"/> for an oplock, which is known by its open.</param>
/// <param name="From">What the client has.</param>
/// <param name="To">What it may keep.</param>
/// <param name="Epoch">The lease's epoch; 0 for version 1 and oplocks.</param>
/// <param name="MustAnswer">Whether others wait for its acknowledgement.</param>
/// <param name="Number">Tells it apart from all other notices of its grant, even if they say the same.</param>
internal readonly record struct CacheBreak(
    LeaseIdentity? Lease, CacheState From, CacheState To, ushort Epoch, bool MustAnswer, int Number);

/// <summary>A break on its way.</summary>
internal interface IBreakProgress
{
    /// <summary>Whether it was sent on every connection that could reach the client, and arrived on none.</summary>
    bool IsUnreachable { get; }
}

/// <summary>Takes the breaks of one open to its client.</summary>
internal interface IBreakSink
{
    /// <summary>Whether the client knows of the open. A break that comes earlier is kept until it does.</summary>
    bool IsAnnounced { get; }

    /// <summary>Sends a break, and tries other connections as long as it does not arrive. Must neither block nor throw.</summary>
    /// <param name="notice">The break.</param>
    /// <param name="grant">
    /// The grant being broken: tells whether the break still awaits its answer and which other opens lead to its client, and records how
    /// far it has got.
    /// </param>
    /// <returns>Whether it was handed to a live connection of the client.</returns>
    bool Send(in CacheBreak notice, CacheGrant grant);

    /// <summary>Begins to close the open, because its client cannot be reached; false if it stays open all the same.</summary>
    bool TryClose();

    /// <summary>
    /// Whether the client is away and is waited for, whatever others need: a break waits until it is back (MS-SMB2 3.3.4.7). Called with the
    /// file's lock held; must neither block nor throw.
    /// </summary>
    bool IsAwaited { get; }

    /// <summary>
    /// A break is over: the client has answered, or no longer can. Called with the file's lock held; must neither block nor throw.
    /// </summary>
    /// <param name="lease">The lease; <see langword="null"/> for an oplock.</param>
    void Settled(LeaseIdentity? lease);
}
