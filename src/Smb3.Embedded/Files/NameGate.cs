using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// Puts creates, renames and deletes of one name in a row, so that what one of them found still holds when it acts. Different names
/// do not wait for each other; the rename of a directory, which changes every path below it, waits for all and goes alone.
/// </summary>
/// <remarks>An uncontended turn completes synchronously. No other lock of this library is held while one waits here.</remarks>
internal sealed class NameGate(StringComparer comparer)
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, Queue<TaskCompletionSource>?> _held = new(comparer);
    private readonly Queue<TaskCompletionSource> _sharedWaiters = new();
    private readonly Queue<TaskCompletionSource> _aloneWaiters = new();
    private int _sharing;
    private bool _alone;

    /// <summary>Names that somebody has his turn on.</summary>
    public int HeldCount
    {
        get
        {
            lock (_sync)
            {
                return _held.Count;
            }
        }
    }

    /// <summary>Waits for a turn on one name.</summary>
    public async ValueTask<Turn> EnterAsync(StorePath path, CancellationToken cancellationToken)
    {
        await ShareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await HoldAsync(path.Text, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            Unshare();
            throw;
        }

        return new Turn(this, path.Text, null);
    }

    /// <summary>Waits for a turn on two names at once.</summary>
    public async ValueTask<Turn> EnterAsync(StorePath first, StorePath second, CancellationToken cancellationToken)
    {
        var order = comparer.Compare(first.Text, second.Text);
        if (order == 0)
        {
            return await EnterAsync(first, cancellationToken).ConfigureAwait(false);
        }

        // Always in the same order, or two renames in opposite directions would wait for each other.
        var (low, high) = order < 0 ? (first.Text, second.Text) : (second.Text, first.Text);
        await ShareAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await HoldAsync(low, cancellationToken).ConfigureAwait(false);
            try
            {
                await HoldAsync(high, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                Release(low);
                throw;
            }
        }
        catch
        {
            Unshare();
            throw;
        }

        return new Turn(this, low, high);
    }

    /// <summary>Waits until nobody else is in.</summary>
    public async ValueTask<Turn> EnterAloneAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_sync)
        {
            if (!_alone && _sharing == 0)
            {
                _alone = true;
                return new Turn(this, null, null);
            }

            waiter = NewWaiter();
            _aloneWaiters.Enqueue(waiter);
        }

        try
        {
            await WaitAsync(waiter, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Whoever queued behind this one may go now.
            lock (_sync)
            {
                Admit();
            }

            throw;
        }

        return new Turn(this, null, null);
    }

    private static TaskCompletionSource NewWaiter() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A waiter that gives up takes itself out by completing as cancelled; whoever hands turns out skips it then.</summary>
    private static async Task WaitAsync(TaskCompletionSource waiter, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (state, token) => ((TaskCompletionSource)state!).TrySetCanceled(token), waiter);
        await waiter.Task.ConfigureAwait(false);
    }

    private async ValueTask ShareAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_sync)
        {
            if (!_alone && _aloneWaiters.Count == 0)
            {
                _sharing++;
                return;
            }

            waiter = NewWaiter();
            _sharedWaiters.Enqueue(waiter);
        }

        await WaitAsync(waiter, cancellationToken).ConfigureAwait(false);
    }

    private void Unshare()
    {
        lock (_sync)
        {
            _sharing--;
            Admit();
        }
    }

    private void LeaveAlone()
    {
        lock (_sync)
        {
            _alone = false;

            // Those who waited meanwhile go first, so that a row of directory renames starves nobody.
            AdmitShared();
            Admit();
        }
    }

    private void Admit()
    {
        if (_alone)
        {
            return;
        }

        while (_sharing == 0 && _aloneWaiters.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult())
            {
                _alone = true;
                return;
            }
        }

        while (_aloneWaiters.TryPeek(out var given) && given.Task.IsCanceled)
        {
            _aloneWaiters.Dequeue();
        }

        if (_aloneWaiters.Count == 0)
        {
            AdmitShared();
        }
    }

    private void AdmitShared()
    {
        while (_sharedWaiters.TryDequeue(out var waiter))
        {
            if (waiter.TrySetResult())
            {
                _sharing++;
            }
        }
    }

    private async ValueTask HoldAsync(string name, CancellationToken cancellationToken)
    {
        TaskCompletionSource waiter;
        lock (_sync)
        {
            if (_held.TryAdd(name, null))
            {
                return;
            }

            waiter = NewWaiter();
            (_held[name] ??= new Queue<TaskCompletionSource>()).Enqueue(waiter);
        }

        await WaitAsync(waiter, cancellationToken).ConfigureAwait(false);
    }

    private void Release(string name)
    {
        lock (_sync)
        {
            if (_held[name] is { } waiters)
            {
                while (waiters.TryDequeue(out var waiter))
                {
                    if (waiter.TrySetResult())
                    {
                        return;
                    }
                }
            }

            _held.Remove(name);
        }
    }

    /// <summary>A turn; disposing it, once, lets the next one in.</summary>
    internal readonly struct Turn(NameGate gate, string? first, string? second) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose()
        {
            if (first is null)
            {
                gate.LeaveAlone();
                return;
            }

            if (second is not null)
            {
                gate.Release(second);
            }

            gate.Release(first);
            gate.Unshare();
        }
    }
}
