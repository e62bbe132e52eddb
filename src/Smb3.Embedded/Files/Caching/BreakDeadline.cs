namespace Smb3.Embedded.Files.Caching;

/// <summary>When the client's time for one break is up: an entry of <see cref="BreakDeadlines"/>.</summary>
internal sealed class BreakDeadline
{
    /// <summary>For the latest break of <paramref name="grant"/>, starting now.</summary>
    public BreakDeadline(CacheGrant grant, long start)
    {
        Grant = grant;
        Break = grant.Breaks;
        Start = start;
        Place = new LinkedListNode<BreakDeadline>(this);
    }

    public CacheGrant Grant { get; }

    /// <summary>The number of the break.</summary>
    public int Break { get; }

    /// <summary>When the client was asked, as a time stamp of the clock.</summary>
    public long Start { get; }

    /// <summary>Its place in the queue.</summary>
    public LinkedListNode<BreakDeadline> Place { get; }
}
