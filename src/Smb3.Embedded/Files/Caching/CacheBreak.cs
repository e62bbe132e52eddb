namespace Smb3.Embedded.Files.Caching;

/// <summary>What a client is told when it must give up caching (MS-SMB2 2.2.23).</summary>
/// <param name="Lease">The lease; <see langword="null"/> for an oplock, which is known by its open.</param>
/// <param name="From">What it has.</param>
/// <param name="To">What it may keep.</param>
/// <param name="Epoch">The lease's epoch; 0 for version 1 and oplocks.</param>
/// <param name="MustAnswer">Whether others wait for its acknowledgement.</param>
/// <param name="Number">Tells it from all other notices of its grant, whatever they say.</param>
internal readonly record struct CacheBreak(
    LeaseIdentity? Lease, CacheState From, CacheState To, ushort Epoch, bool MustAnswer, int Number);

/// <summary>A break on its way.</summary>
internal interface IBreakProgress
{
    /// <summary>Whether it was sent wherever the client could be reached, and arrived nowhere.</summary>
    bool IsUnreachable { get; }
}

/// <summary>Takes the breaks of one open to its client.</summary>
internal interface IBreakSink
{
    /// <summary>Whether the client knows of the open. A break that comes earlier is kept until it does.</summary>
    bool IsAnnounced { get; }

    /// <summary>Sends a break, and again by another way while it does not arrive. Must neither block nor throw.</summary>
    /// <param name="notice">The break.</param>
    /// <param name="grant">
    /// What is broken: says whether the break still awaits its answer, which other opens lead to its client, and keeps how far it has got.
    /// </param>
    /// <returns>Whether it was handed to a live connection of the client.</returns>
    bool Send(in CacheBreak notice, CacheGrant grant);

    /// <summary>Begins to close the open, whose client cannot be reached; false when it stays open all the same.</summary>
    bool TryClose();

    /// <summary>A break is over: the client has answered, or cannot. Called with the file's lock held; must neither block nor throw.</summary>
    /// <param name="lease">The lease; <see langword="null"/> for an oplock.</param>
    void Settled(LeaseIdentity? lease);
}
