using System.Net;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes.Witness;

/// <summary>What a client registers for.</summary>
/// <param name="NetName">The name of the server.</param>
/// <param name="Address">The address that the client is connected to.</param>
/// <param name="ClientName">What the client calls its machine.</param>
internal sealed record WitnessInterest(string NetName, IPAddress Address, string ClientName)
{
    /// <summary>The share; null: none.</summary>
    public string? ShareName { get; init; }

    /// <summary>Whether it is version 2 of the protocol (MS-SWN 1.7), which knows more notifications.</summary>
    public bool IsVersion2 { get; init; }

    /// <summary>Whether changes of any address are asked for.</summary>
    public bool WantsAddresses { get; init; }

    /// <summary>How long a call waits; null: until there is something to tell.</summary>
    public TimeSpan? KeepAlive { get; init; }
}

/// <summary>
/// One registration (MS-SWN 3.1.1.2): collects what its client is to be told, and has the client's call wait for it. The state behind a
/// context handle; disposing it ends it. Thread-safe.
/// </summary>
internal sealed class WitnessRegistration : IDisposable
{
    private readonly Lock _lock = new();
    private readonly WitnessPending _pending;
    private readonly WitnessLimits _limits;
    private readonly TimeProvider _time;
    private readonly Action<WitnessRegistration> _forget;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastUse;
    private int _waiting;
    private bool _ending;
    private bool _ended;

    /// <param name="interest">What it is for.</param>
    /// <param name="caller">Who registers.</param>
    /// <param name="limits">What it may hold.</param>
    /// <param name="time">The clock.</param>
    /// <param name="forget">Takes it out of the table; called once.</param>
    public WitnessRegistration(
        WitnessInterest interest, RpcCaller caller, WitnessLimits limits, TimeProvider time, Action<WitnessRegistration> forget)
    {
        Interest = interest;
        Caller = caller;
        _limits = limits;
        _time = time;
        _forget = forget;
        _pending = new WitnessPending(limits);
        _lastUse = time.GetTimestamp();
    }

    public WitnessInterest Interest { get; }

    public RpcCaller Caller { get; }

    /// <summary>Takes the context handle away from the client; set once there is one.</summary>
    public Action? CloseHandle { get; set; }

    /// <summary>Whether a call waits.</summary>
    public bool IsWaiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting > 0;
            }
        }
    }

    /// <summary>Whether nobody has waited on it for so long that its client must be gone (MS-SWN 3.1.5.1).</summary>
    public bool IsUnused
    {
        get
        {
            lock (_lock)
            {
                return _waiting == 0 && _time.GetElapsedTime(_lastUse) > _limits.UnusedTimeout;
            }
        }
    }

    /// <summary>Adds to what the client is told, and wakes its call.</summary>
    public void Tell(Action<WitnessPending> add)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            add(_pending);
            WakeLocked();
        }
    }

    /// <summary>What it names is gone: the client gets what it has not been told yet, and then that there is no such registration.</summary>
    public void Expire()
    {
        lock (_lock)
        {
            _ending = true;
            WakeLocked();
        }
    }

    /// <summary>WitnessrAsyncNotify (MS-SWN 3.1.4.4): waits until there is something to tell, the registration ends, or its time is over.</summary>
    public async ValueTask<(WitnessStatus Status, WitnessNotification? Notification)> WaitAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_waiting >= _limits.MaxWaiting)
            {
                return (WitnessStatus.NoSystemResources, null);
            }

            _waiting++;
        }

        try
        {
            return await WaitForNextAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                _waiting--;
                _lastUse = _time.GetTimestamp();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
            _ending = true;
            WakeLocked();
        }

        _forget(this);
    }

    private async ValueTask<(WitnessStatus Status, WitnessNotification? Notification)> WaitForNextAsync(CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (!_ended && _pending.Take() is { } next)
                {
                    return (WitnessStatus.Success, next);
                }

                if (_ending)
                {
                    break;
                }

                changed = _changed.Task;
            }

            var left = Interest.KeepAlive is { } keepAlive ? keepAlive - _time.GetElapsedTime(began) : Timeout.InfiniteTimeSpan;
            if (Interest.KeepAlive is not null && left <= TimeSpan.Zero)
            {
                return (WitnessStatus.Timeout, null);
            }

            try
            {
                await changed.WaitAsync(left, _time, cancellation).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                return (WitnessStatus.Timeout, null);
            }
        }

        CloseHandle?.Invoke();
        return (WitnessStatus.NotFound, null);
    }

    private void WakeLocked()
    {
        _changed.TrySetResult();
        if (!_ending)
        {
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
