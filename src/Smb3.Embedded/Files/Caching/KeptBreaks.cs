using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// Sends the breaks of oplocks and leases that a journal keeps, in their order, once what they leave the client is safe. Sent earlier, a break
/// could be forgotten by a crash: the next process would count the epoch of the lease anew, or leave a client its cache although a change that
/// the break was about has been answered. What waits for a break (<see cref="FileCaching.WhenTold"/>) waits for that too.
/// </summary>
/// <param name="commit">Has the journal make everything safe that was noted so far.</param>
/// <param name="time">The clock.</param>
internal sealed class KeptBreaks(Func<ValueTask<NtStatus>> commit, TimeProvider time)
{
    /// <summary>
    /// After this long a break is sent although the journal could not keep it: its client would otherwise go on with a stale cache for as long
    /// as the state store is out of order.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly Lock _sync = new();
    private List<(CacheGrant Grant, CacheBreak Notice, bool EndsBreak)> _waiting = [];
    private bool _isActive;

    /// <summary>Sends a break when it is safe; at once if it is. Called without any lock.</summary>
    public void Send(CacheGrant grant, in CacheBreak notice, bool endsBreak)
    {
        lock (_sync)
        {
            _waiting.Add((grant, notice, endsBreak));
            if (_isActive)
            {
                return;
            }

            _isActive = true;
        }

        _ = SendAllAsync();
    }

    /// <summary>Tells a client that is back again what it has not answered, when that is safe.</summary>
    public async Task RemindAsync(IBreakSink sink, CacheGrant grant, CacheBreak notice)
    {
        await WhenSafeAsync().ConfigureAwait(false);
        sink.Send(notice, grant);
    }

    private async Task SendAllAsync()
    {
        while (TakeAll() is { } breaks)
        {
            await WhenSafeAsync().ConfigureAwait(false);
            foreach (var (grant, notice, endsBreak) in breaks)
            {
                BreakBatch.Send(grant, notice, endsBreak);
            }
        }
    }

    private List<(CacheGrant Grant, CacheBreak Notice, bool EndsBreak)>? TakeAll()
    {
        lock (_sync)
        {
            if (_waiting.Count == 0)
            {
                _isActive = false;
                return null;
            }

            var all = _waiting;
            _waiting = [];
            return all;
        }
    }

    private async Task WhenSafeAsync()
    {
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                var left = Patience - time.GetElapsedTime(began);
                if (left <= TimeSpan.Zero
                    || await commit().AsTask().WaitAsync(left, time).ConfigureAwait(false) is NtStatus.Success or NtStatus.NetworkNameDeleted)
                {
                    return;
                }

                await Task.Delay(RetryDelay, time).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            // The store does not come back.
        }
    }
}
