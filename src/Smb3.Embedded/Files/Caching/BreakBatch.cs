namespace Smb3.Embedded.Files.Caching;

/// <summary>Breaks that were decided under a file's lock and are sent after it was left.</summary>
internal struct BreakBatch
{
    private List<(CacheGrant Grant, CacheBreak Notice)>? _notices;

    /// <summary>Whether there is nothing to send.</summary>
    public readonly bool IsEmpty => _notices is null;

    /// <summary>Adds one.</summary>
    public void Add(CacheGrant grant, in CacheBreak notice) => (_notices ??= []).Add((grant, notice));

    /// <summary>
    /// Sends all. A client that cannot be reached loses its opens (MS-SMB2 3.3.4.6 and 3.3.4.7), and what it had is free when they are
    /// closed, not before: an open that is still there would keep others from caching. What stays open gives up its caching at once.
    /// </summary>
    public readonly void Send()
    {
        if (_notices is null)
        {
            return;
        }

        foreach (var (grant, notice) in _notices)
        {
            if (!grant.TryBeginSend(notice))
            {
                continue;
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
}
