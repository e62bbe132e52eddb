namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// Breaks that are decided under a file's lock and sent after it is released. A request that finds them already decided, and so nothing
/// left to break, does not overtake them: see <see cref="FileCaching.WhenTold"/>.
/// </summary>
internal struct BreakBatch
{
    private List<(CacheGrant Grant, CacheBreak Notice, bool EndsBreak)>? _notices;

    /// <summary>Whether there is nothing to send.</summary>
    public readonly bool IsEmpty => _notices is null;

    /// <summary>How many there are to send.</summary>
    public readonly int Count => _notices?.Count ?? 0;

    /// <summary>Adds one. Called with the file's lock held.</summary>
    public void Add(CacheGrant grant, in CacheBreak notice)
    {
        grant.File.Caching.BeginTelling();
        (_notices ??= []).Add((grant, notice, false));
    }

    /// <summary>
    /// Adds one that is sent only after an answer has been, which may take a while: nothing is held up by it, but the break before it is
    /// not over until it has been sent. Called with the file's lock held.
    /// </summary>
    public void AddNext(CacheGrant grant, in CacheBreak notice) => (_notices ??= []).Add((grant, notice, true));

    /// <summary>
    /// Sends all. A client that cannot be reached loses its opens (MS-SMB2 3.3.4.6 and 3.3.4.7), and its caching is released when they are
    /// closed, not before: an open that still exists would keep others from caching. An open that stays gives up its caching at once.
    /// </summary>
    public readonly void Send()
    {
        if (_notices is null)
        {
            return;
        }

        foreach (var (grant, notice, endsBreak) in _notices)
        {
            if (grant.IsKept && grant.File.KeptBreaks is { } kept)
            {
                kept.Send(grant, notice, endsBreak);
            }
            else
            {
                Send(grant, notice, endsBreak);
            }
        }
    }

    /// <summary>Sends one, now.</summary>
    public static void Send(CacheGrant grant, in CacheBreak notice, bool endsBreak)
    {
        try
        {
            Send(grant, notice);
        }
        finally
        {
            grant.File.Caching.Told(grant, notice, endsBreak);
        }
    }

    private static void Send(CacheGrant grant, in CacheBreak notice)
    {
        if (!grant.TryBeginSend(notice))
        {
            return;
        }

        bool isSent;
        try
        {
            isSent = grant.Send(notice);
        }
        finally
        {
            grant.EndSend();
        }

        if (!isSent && notice.MustAnswer && !grant.TryClose())
        {
            grant.File.Caching.GiveUp(grant);
        }
    }
}
