namespace Smb3.Embedded.Files.Caching;

/// <summary>Breaks that were decided under a file's lock and are sent after it was left.</summary>
internal struct BreakBatch
{
    private List<(CacheGrant Grant, CacheBreak Notice)>? _notices;

    /// <summary>Whether there is nothing to send.</summary>
    public readonly bool IsEmpty => _notices is null;

    /// <summary>Adds one.</summary>
    public void Add(CacheGrant grant, in CacheBreak notice) => (_notices ??= []).Add((grant, notice));

    /// <summary>Sends all. A client that cannot be reached gives up at once all that it had.</summary>
    public readonly void Send()
    {
        if (_notices is null)
            return;
        foreach (var (grant, notice) in _notices)
        {
            if (!grant.Send(notice) && notice.MustAnswer)
                grant.File.Caching.GiveUp(grant);
        }
    }
}
