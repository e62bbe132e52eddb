using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// Keeps the opens of a volume in a scope of a state store. One commit runs at a time; whatever is noted meanwhile goes into the next one,
/// and an answer waits for the commit that its own changes are in, not for later ones. No lock and no thread is held while the store works.
/// </summary>
/// <remarks>
/// What a failed commit was to keep stays noted and is tried again, with the next commit or after a while; the answers that waited for it
/// fail. A commit that does not come back fails those who wait for it after <see cref="Patience"/>; it goes on all the same. Once another
/// holder has taken the scope over, nothing is answered as safe any more.
/// </remarks>
/// <param name="store">The store.</param>
/// <param name="options">What it keeps, and whom it tells how that goes.</param>
[SuppressMessage("Design", "CA1001", Justification = "The timer runs only while something is noted, and keeps nothing else alive.")]
internal sealed class StateJournal(IStateStore store, JournalOptions options) : IOpenJournal
{
    /// <summary>How long a change that no answer waits for may stay uncommitted.</summary>
    private static readonly TimeSpan Laziness = TimeSpan.FromMilliseconds(100);

    /// <summary>How long after a failure a change that no answer waits for is tried again.</summary>
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _sync = new();
    private readonly HashSet<string> _stored = []; // keys that are, or may be, in the store; used by one commit at a time
    private JournalBatch _next = new();
    private JournalBatch? _running;
    private ITimer? _timer;
    private bool _isTimed;
    private bool _isActive;
    private bool _isFenced;
    private bool _hasEnded;
    private long _token;
    private int _records;
    private JournalHealth _health = JournalHealth.Fine;

    /// <summary>How long an answer waits for a store that does not come back.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>What the log calls the volume.</summary>
    public string Name => options.Name;

    /// <inheritdoc/>
    public bool IsOpen { get; private set; }

    /// <summary>How many records there are.</summary>
    public int Records => Volatile.Read(ref _records);

    /// <summary>How commits have gone lately.</summary>
    public JournalHealth Health
    {
        get
        {
            lock (_sync)
            {
                var waiting = _running ?? (_next.HasWaiters ? _next : null);
                return _health with { Waiting = waiting is null ? TimeSpan.Zero : options.Time.GetElapsedTime(waiting.Since) };
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<OpenRecord>> ReadAsync(CancellationToken cancellationToken)
    {
        _token = await store.AcquireAsync(options.Scope, cancellationToken).ConfigureAwait(false);
        var found = await store.ReadAsync(options.Scope, cancellationToken).ConfigureAwait(false);
        var records = new List<OpenRecord>(found.Count);
        foreach (var (key, value) in found)
        {
            _stored.Add(key);
            if (OpenRecordFormat.Read(value.Span) is { } record && KeyOf(record.Durable.PersistentId) == key)
            {
                records.Add(record);
            }
            else
            {
                ServerLog.RecordUnreadable(options.Logger, key, options.Name, value.IsEmpty ? (byte)0 : value.Span[0], OpenRecordFormat.Version);
                Forget(key);
            }
        }

        CountRecords();
        IsOpen = true;
        return records;
    }

    /// <inheritdoc/>
    public void Forget(ulong persistentId) => Forget(KeyOf(persistentId));

    /// <inheritdoc/>
    public void Note(IJournaledOpen open)
    {
        lock (_sync)
        {
            if (_hasEnded)
            {
                return;
            }

            _next.Opens.Add(open);
            Noted();
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> CommitAsync()
    {
        Task<NtStatus> done;
        lock (_sync)
        {
            if (_isFenced || _hasEnded || options.Fence is { IsUp: true })
            {
                return new(NtStatus.NetworkNameDeleted);
            }

            if ((_next.IsEmpty ? _running : _next) is not { } batch)
            {
                return new(NtStatus.Success);
            }

            done = batch.WhenDone();
            Activate();
        }

        return new(done);
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> EndAsync()
    {
        var status = await CommitAsync().ConfigureAwait(false);
        TaskCompletionSource<NtStatus>? late;
        lock (_sync)
        {
            _hasEnded = true;
            late = _next.TakeWaiters();
            _next = new JournalBatch();
        }

        late?.TrySetResult(NtStatus.NetworkNameDeleted);

        options.Metrics?.OpensKept(-Interlocked.Exchange(ref _records, 0));

        return status;
    }

    /// <inheritdoc/>
    public bool HasEnded
    {
        get
        {
            lock (_sync)
            {
                return _hasEnded;
            }
        }
    }

    private static string KeyOf(ulong persistentId) => persistentId.ToString("x16", CultureInfo.InvariantCulture);

    private void Forget(string key)
    {
        lock (_sync)
        {
            _next.Forgotten.Add(key);
            Noted();
        }
    }

    /// <summary>Something is to be committed, soon if no answer waits for it. Called with the lock held.</summary>
    private void Noted()
    {
        if (_next.Since == 0)
        {
            _next.Since = options.Time.GetTimestamp();
        }

        Schedule(Laziness);
    }

    private void Schedule(TimeSpan delay)
    {
        if (!_isTimed)
        {
            _isTimed = true;
            _timer ??= options.Time.CreateTimer(
                static state => ((StateJournal)state!).Look(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(delay, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Has what is noted committed, unless a commit runs, which is followed by that. Called with the lock held.</summary>
    private void Activate()
    {
        if (!_isActive)
        {
            _isActive = true;
            ThreadPool.UnsafeQueueUserWorkItem(static journal => _ = journal.RunAsync(), this, preferLocal: false);
        }
    }

    /// <summary>Commits what nobody has asked for, and lets go those who have waited too long.</summary>
    private void Look()
    {
        TaskCompletionSource<NtStatus>? first = null;
        TaskCompletionSource<NtStatus>? second = null;
        var status = NtStatus.InsufficientResources;
        lock (_sync)
        {
            _isTimed = false;
            if (_isFenced || _hasEnded)
            {
                return;
            }

            if (options.Fence is { IsUp: true })
            {
                status = NtStatus.NetworkNameDeleted;
                first = _running?.TakeWaiters();
                second = _next.TakeWaiters();
            }
            else if (_running is { } running && IsLate(running))
            {
                first = running.TakeWaiters();
                second = IsLate(_next) ? _next.TakeWaiters() : null;
            }

            if (!_next.IsEmpty)
            {
                _next.IsDue = true;
                Activate();
            }

            if (_running is not null || !_next.IsEmpty)
            {
                Schedule(RetryDelay);
            }
        }

        first?.TrySetResult(status);
        second?.TrySetResult(status);
    }

    private bool IsLate(JournalBatch batch) => batch.Since != 0 && options.Time.GetElapsedTime(batch.Since) > Patience;

    private async Task RunAsync()
    {
        while (TryTake(out var batch))
        {
            var started = options.Time.GetTimestamp();
            List<StateChange>? changes = null;
            Exception? failure = null;
            try
            {
                changes = Collect(batch);
                if (options.Fence is { IsUp: true })
                {
                    // The next owner goes on with what is kept now: that the opens are abandoned here is not their end.
                    throw new StateFencedException($"'{options.Name}' is not this server's any more.");
                }

                if (changes.Count > 0)
                {
                    await store.CommitAsync(options.Scope, _token, changes, CancellationToken.None).ConfigureAwait(false);
                }
            }
            catch (Exception e)
            {
                failure = e;
            }

            Finish(batch, changes, failure, options.Time.GetElapsedTime(started));
        }
    }

    private bool TryTake([NotNullWhen(true)] out JournalBatch? batch)
    {
        lock (_sync)
        {
            if (_isFenced || _next.IsEmpty || (!_next.HasWaiters && !_next.IsDue))
            {
                _isActive = false;
                batch = null;
                return false;
            }

            batch = _running = _next;
            batch.Since = options.Time.GetTimestamp();
            _next = new JournalBatch();
            return true;
        }
    }

    /// <summary>The changes of a batch: each open as it is now, and the opens of one file as they are at one moment.</summary>
    private List<StateChange> Collect(JournalBatch batch)
    {
        var changes = new List<StateChange>(batch.Opens.Count + batch.Forgotten.Count);
        foreach (var key in batch.Forgotten)
        {
            changes.Add(new StateChange(key, null));
        }

        // A CREATE may have begun under one id more than once: what has come of it in the end is there.
        var captured = new Dictionary<ulong, OpenRecord?>(batch.Opens.Count);
        foreach (var opens in batch.Opens.GroupBy(static open => open.JournaledFile))
        {
            if (opens.Key is { } file)
            {
                file.Freeze(CaptureAll);
            }
            else
            {
                CaptureAll();
            }

            void CaptureAll()
            {
                foreach (var open in opens)
                {
                    captured[open.PersistentId] = open.Capture() ?? captured.GetValueOrDefault(open.PersistentId);
                }
            }
        }

        foreach (var (id, record) in captured)
        {
            AddChange(changes, KeyOf(id), record);
        }

        return changes;
    }

    private void AddChange(List<StateChange> changes, string key, OpenRecord? record)
    {
        if (record is not null)
        {
            _stored.Add(key);
            changes.Add(new StateChange(key, OpenRecordFormat.Write(record)));
        }
        else if (_stored.Contains(key))
        {
            changes.Add(new StateChange(key, null));
        }
    }

    private void Finish(JournalBatch batch, List<StateChange>? changes, Exception? failure, TimeSpan took)
    {
        var status = failure switch
        {
            null => NtStatus.Success,
            StateFencedException => NtStatus.NetworkNameDeleted,
            _ => NtStatus.InsufficientResources,
        };
        TaskCompletionSource<NtStatus>? waiters;
        TaskCompletionSource<NtStatus>? others = null;
        bool wasFine;
        lock (_sync)
        {
            wasFine = _health.Failure is null;
            _running = null;
            waiters = batch.TakeWaiters();
            if (failure is null)
            {
                foreach (var change in changes!)
                {
                    if (change.Value is null)
                    {
                        _stored.Remove(change.Key);
                    }
                }

                CountRecords();
                _health = _health.Succeeded(changes.Count, took);
            }
            else
            {
                _health = _health.Failed(failure.Message, took);
                _isFenced = failure is StateFencedException;
                others = _isFenced ? _next.TakeWaiters() : null;
                if (!_hasEnded)
                {
                    _next.TakeBack(batch);
                    Schedule(RetryDelay);
                }
            }
        }

        options.Metrics?.StateCommitted(changes?.Count ?? 0, took.TotalSeconds, status == NtStatus.Success);
        if (failure is not null)
        {
            Report(failure, wasFine);
        }
        else if (!wasFine)
        {
            ServerLog.StateKeptAgain(options.Logger, options.Name);
        }

        waiters?.TrySetResult(status);
        others?.TrySetResult(status);
    }

    private void CountRecords()
    {
        options.Metrics?.OpensKept(_stored.Count - _records);
        Volatile.Write(ref _records, _stored.Count);
    }

    private void Report(Exception failure, bool isFirst)
    {
        if (failure is StateFencedException)
        {
            if (HasEnded || options.Fence is { IsUp: true })
            {
                return; // the holder may well be this server again, by another journal; and who has put the fence up knows
            }

            ServerLog.StateFenced(options.Logger, options.Name);
            options.Fenced?.Invoke();
        }
        else if (isFirst)
        {
            ServerLog.StateNotKept(options.Logger, failure, options.Name);
        }
    }
}
