namespace Smb3.Embedded.Files.Caching;

/// <summary>When the client of one break has had its time: an entry of <see cref="BreakDeadlines"/>.</summary>
internal sealed class BreakDeadline
{
    /// <summary>For the latest break of <paramref name="grant"/>, from now on.</summary>
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

    /// <summary>Where it stands in the row.</summary>
    public LinkedListNode<BreakDeadline> Place { get; }
}
