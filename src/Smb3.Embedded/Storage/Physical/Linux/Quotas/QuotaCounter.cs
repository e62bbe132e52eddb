using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;

namespace Smb3.Embedded.Storage.Physical.Linux.Quotas;

/// <summary>
/// Counts what the owners of a folder's files use: when the store is opened, from time to time after that, and when somebody asks. One count
/// runs at a time, on a thread of its own that gets processor and disk only where nobody else wants them.
/// </summary>
internal sealed class QuotaCounter : IDisposable
{
    private const int MostRounds = 3;

    private static readonly TimeSpan Retry = TimeSpan.FromMinutes(1);

    private readonly LinuxRoot _root;
    private readonly ChargeTable _table;
    private readonly IStreamLengths _streams;
    private readonly ILogger? _logger;
    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationToken _ended;
    private readonly TimeSpan _interval;
    private readonly ITimer? _timer;
    private readonly Lock _sync = new();
    private Task _running = Task.CompletedTask;
    private Task? _waiting;
    private volatile QuotaState _state = QuotaState.Rebuilding;
    private bool _isFirst = true;

    /// <summary>Begins the first count.</summary>
    public QuotaCounter(
        LinuxRoot root, ChargeTable table, IStreamLengths streams, TimeProvider time, TimeSpan interval, ILogger? logger)
    {
        _root = root;
        _table = table;
        _streams = streams;
        _logger = logger;
        _interval = interval;
        _ended = _ending.Token;

        // From here on whoever changes a file counts it.
        _table.BeginCount(isFirst: true);
        _ = CountAsync();
        _timer = time.CreateTimer(CountAgain, new WeakReference<QuotaCounter>(this), interval, interval);
    }

    /// <summary>How far what is told can be relied on.</summary>
    public QuotaState State => _state;

    /// <summary>Counts again; completes with a count that began after this was called.</summary>
    public Task CountAsync()
    {
        lock (_sync)
        {
            if (_ended.IsCancellationRequested)
            {
                return Task.CompletedTask;
            }

            // One that is waiting has not begun, and serves all who ask meanwhile.
            return _waiting ??= _running = _running.ContinueWith(
                static (_, counter) => ((QuotaCounter)counter!).Count(),
                this,
                CancellationToken.None,
                TaskContinuationOptions.LongRunning,
                TaskScheduler.Default);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_sync)
        {
            if (_ended.IsCancellationRequested)
            {
                return;
            }

            _ending.Cancel();
        }

        _timer?.Dispose();
        _ending.Dispose();
    }

    // A store that nobody refers to any more is not kept by its timer.
    private static void CountAgain(object? counter)
    {
        if (((WeakReference<QuotaCounter>)counter!).TryGetTarget(out var target))
        {
            _ = target.CountAsync();
        }
    }

    private void Count()
    {
        lock (_sync)
        {
            _waiting = null;
        }

        var found = default(QuotaState?);
        if (!_ended.IsCancellationRequested && _root.Enter() == 0)
        {
            try
            {
                SchedulingCalls.YieldToOthers();
                if (!_isFirst)
                {
                    _table.BeginCount(isFirst: false);
                }

                found = CountAll();
            }
            catch (OperationCanceledException)
            {
            }
            catch (Exception e)
            {
                if (_logger is not null)
                {
                    ServerLog.QuotaCountFailed(_logger, e);
                }
            }
            finally
            {
                _root.Leave();
            }
        }

        // Of the first one, what it has counted is there even if that is not all; of another one, what was known before holds.
        _table.EndCount(isWhole: found is not null);
        _state = found ?? (_state == QuotaState.Complete ? QuotaState.Complete : QuotaState.Incomplete);
        _isFirst = false;
        if (found is null)
        {
            _timer?.Change(Retry < _interval ? Retry : _interval, _interval);
        }
    }

    /// <summary>Counts until nothing was moved past it meanwhile; null: too much was.</summary>
    private QuotaState? CountAll()
    {
        for (var round = 0; round < MostRounds; round++)
        {
            var tree = new TreeCount(_table, _streams);
            tree.Run(_root.Descriptor, _ended);
            if (!_table.TakeDisturbance())
            {
                if (tree.Unread is { } unread && _logger is not null)
                {
                    ServerLog.QuotaCountIncomplete(_logger, unread);
                }

                return tree.Unread is null ? QuotaState.Complete : QuotaState.Incomplete;
            }
        }

        return null;
    }
}
