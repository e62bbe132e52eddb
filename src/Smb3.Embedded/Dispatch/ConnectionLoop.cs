using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Reads the frames of one connection and starts the requests in them. A request that completes at once completes here; one that must wait
/// goes on by itself while the next frame is read.
/// </summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage(
    "Design", "CA1001",
    Justification = "The source has no timer and no linked tokens: nothing to release, and requests may still look at it.")]
internal sealed class ConnectionLoop : INotificationSender
{
    private const int HeaderOverhead = 4096;
    private const int CreditUnit = 65_536;

    /// <summary>The longest frame accepted from a peer that has not authenticated, encrypted or not: more than a logon needs.</summary>
    private const int LargestStrangerFrame = 65_536;

    /// <summary>
    /// The most bytes of requests and responses held for such a peer, and of responses in one frame. One request is always accepted, and
    /// one response is always written.
    /// </summary>
    private const int StrangerLimit = 16_384;

    private readonly IMessageTransport _transport;
    private readonly RequestPipeline _pipeline;
    private readonly ISmb1Negotiator _smb1;
    private readonly CancellationTokenSource _ended = new();
    private readonly OutgoingQueue _outgoing;
    private readonly Func<int> _longest;
    private readonly ChainPool _chains = new();
    private readonly ServerLimits _limits;
    private readonly TimeProvider _time;
    private int _running;
    private int _draining;
    private int _reason = -1;
    private TaskCompletionSource? _quiet;

    public ConnectionLoop(
        ServerGraph graph, IMessageTransport transport, RequestPipeline pipeline, ISmb1Negotiator smb1, ResponseBufferPool buffers)
    {
        _transport = transport;
        _pipeline = pipeline;
        _smb1 = smb1;
        _limits = graph.Settings.Limits;
        _time = graph.Settings.TimeProvider;
        _longest = MaxFrame;
        Slow = new SlowRequests(_time, graph.Settings.InterimResponseDelay);
        Buffers = buffers;
        Connection = new Connection(
            graph, graph.NextConnectionId(), transport.LocalEndPoint, transport.RemoteEndPoint, Terminate, _ended.Token)
        {
            Notifications = this,
        };
        _outgoing = new OutgoingQueue(
            transport, buffers, CountSent, bytes => Flow.RemoveOutput(bytes), () => Terminate(ConnectionEndReason.SendFailed));
    }

    public Connection Connection { get; }

    public IMessageTransport Transport => _transport;

    public ResponseBufferPool Buffers { get; }

    /// <summary>Counts what the connection makes the server hold.</summary>
    public FlowControl Flow { get; } = new(StrangerLimit);

    /// <summary>The requests that did not complete at once.</summary>
    public SlowRequests Slow { get; }

    /// <summary>The most bytes of responses that share a frame; a longer response leaves alone.</summary>
    public int LargestResponse => Connection is { Authenticated: true, Negotiated: { } negotiated }
        ? Math.Min(
            Math.Max(negotiated.MaxTransactSize, negotiated.MaxReadSize) + HeaderOverhead,
            _transport.LargestMessage - Smb2TransformHeader.Size)
        : StrangerLimit;

    /// <summary>Why the connection ended; the first cause wins.</summary>
    public ConnectionEndReason Reason => _reason < 0 ? ConnectionEndReason.ClientClosed : (ConnectionEndReason)_reason;

    /// <summary>Requests that are being served.</summary>
    public int Running => Volatile.Read(ref _running);

    /// <summary>Serves the connection to its end and leaves nothing of it behind. Never throws.</summary>
    public async Task RunAsync()
    {
        try
        {
            await ReadAllAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Terminated: the reason is noted.
        }
        catch (Exception e)
        {
            ServerLog.ConnectionFault(_pipeline.Logger, e, Connection.Id);
            Terminate(ConnectionEndReason.ServerFault);
        }

        _outgoing.Release();
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Accepts no further request; those that are running may finish, those that wait for another party are cancelled, and what was written
    /// is made safe.
    /// </summary>
    public async Task DrainAsync(TimeSpan timeout)
    {
        Interlocked.Exchange(ref _draining, 1);
        Connection.Pending.CancelAll();
        try
        {
            await WhenQuietAsync().WaitAsync(timeout, _time).ConfigureAwait(false);
            await FlushAsync().WaitAsync(timeout, _time).ConfigureAwait(false);
            await _outgoing.WhenIdleAsync().WaitAsync(timeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ServerLog.DrainTimedOut(_pipeline.Logger, Running, timeout);
        }

        Terminate(ConnectionEndReason.ServerStopped);
    }

    /// <summary>Ends the connection when its time is up; called every second by the owner of all connections.</summary>
    public void Watch()
    {
        if (!Connection.Authenticated
            && _time.GetUtcNow() - Connection.CreatedAt > _limits.AuthenticationTimeout)
        {
            Terminate(ConnectionEndReason.AuthenticationTimeout);
        }
        else if (_limits.IdleTimeout is { } idle
            && Connection.Traffic.Silence > idle
            && Running == 0
            && Connection.Sessions.Values.All(session => session.Opens.Count == 0))
        {
            Terminate(ConnectionEndReason.IdleTimeout);
        }
    }

    public void Send(ResponseBuffer frame, Action? placed = null) => SendAndCount(frame, placed);

    /// <inheritdoc/>
    public SentMark? TrySend(ReadOnlySpan<byte> message, Session? sealedFor)
    {
        if (_reason >= 0)
        {
            return null;
        }

        var frame = Buffers.Rent();
        message.CopyTo(frame.Append(message.Length).Span);
        MessageTransform.Seal(frame, sealedFor);
        var at = _time.GetTimestamp();
        return new SentMark(SendAndCount(frame), at);
    }

    /// <inheritdoc/>
    public Arrival ArrivalOf(SentMark mark) => _transport.BytesAcknowledged is { } bytes
        ? bytes >= mark.Position ? Arrival.Arrived : Arrival.Unacknowledged
        : Connection.Traffic.LastReceived > mark.At ? Arrival.Arrived : Arrival.Unknown;

    public void Violation(ConnectionEndReason reason)
    {
        RequestReport.Violation(_pipeline.Refusals, Connection, reason);
        Terminate(reason);
    }

    private void CountSent(int bytes)
    {
        Connection.Traffic.CountSent(bytes);
        _pipeline.Metrics.Sent(bytes);
    }

    private long SendAndCount(ResponseBuffer frame, Action? placed = null)
    {
        Flow.AddOutput(frame.Held);
        return _outgoing.Send(frame, placed);
    }

    private void Terminate(ConnectionEndReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, -1) == -1)
        {
            _outgoing.Release();
            _ = Task.Run(async () =>
            {
                // A last response may still be on its way out, but a peer that does not read must not hold us up.
                try
                {
                    await _outgoing.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(1), _time).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // The peer had its second.
                }

                _transport.Abort(reset: reason == ConnectionEndReason.BreakUnacknowledged);
                await _ended.CancelAsync().ConfigureAwait(false);
                Connection.Pending.CancelLost();
                Flow.End();
            });
        }
    }

    private async Task ReadAllAsync()
    {
        while (true)
        {
            if (Connection.Authenticated)
            {
                Flow.SetLimit(_limits.MaxBytesInFlight);
            }

            var mayRead = Flow.WaitAsync();
            if (!mayRead.IsCompleted)
            {
                _outgoing.Release();
            }

            await mayRead.ConfigureAwait(false);
            var (outcome, frame) = await _transport.ReceiveAsync(_longest, _ended.Token).ConfigureAwait(false);
            if (outcome != ReceiveOutcome.Message)
            {
                if (outcome is ReceiveOutcome.TooLong or ReceiveOutcome.Malformed)
                {
                    Violation(outcome == ReceiveOutcome.TooLong ? ConnectionEndReason.FrameTooLong : ConnectionEndReason.FrameMalformed);
                }

                return;
            }

            Connection.Traffic.CountReceived(frame!.Length);
            _pipeline.Metrics.Received(frame.Length);
            if (_reason >= 0 || Volatile.Read(ref _draining) != 0)
            {
                frame.Dispose();
                _outgoing.Release();
                continue;
            }

            if (Connection.Announcements.WhenOpen() is { } open)
            {
                await open.ConfigureAwait(false);
            }

            // Requests that arrived together are answered together.
            var hasNext = _transport.HasNext;
            if (hasNext)
            {
                _outgoing.Hold();
            }

            Start(frame);
            if (!hasNext)
            {
                _outgoing.Release();
            }
        }
    }

    /// <summary>One frame holds the largest negotiated payload and its headers.</summary>
    private int MaxFrame() => Connection is { Authenticated: true, Negotiated: { } negotiated }
        ? Math.Max(Math.Max(negotiated.MaxTransactSize, negotiated.MaxWriteSize), CreditUnit) + HeaderOverhead + (4 * CreditUnit)
        : LargestStrangerFrame;

    private void Start(ReceivedMessage frame)
    {
        switch (MessageTransform.Open(Connection, frame.Memory, out var messages, out var encryptedBy))
        {
            case OpenOutcome.WronglySealed:
                frame.Dispose();
                Violation(ConnectionEndReason.DecryptionFailed);
                return;

            case OpenOutcome.SomethingElse:
                var answered = Connection.Negotiated is null && !Connection.AwaitsSecondNegotiate
                    && _smb1.TryAnswer(messages.Span, this);
                frame.Dispose();
                if (!answered)
                {
                    Violation(ConnectionEndReason.ProtocolViolation);
                }

                return;
        }

        var charge = frame.Length + (Connection.Authenticated ? RequestChain.SmallOutput : 0);
        Flow.AddInput(charge);
        Interlocked.Increment(ref _running);
        var chain = _chains.TryTake() ?? new RequestChain(this, _pipeline);
        chain.Begin(frame, messages, encryptedBy, charge);
        var running = chain.RunAsync();
        if (running.IsCompleted)
        {
            running.GetAwaiter().GetResult();
            Finished(chain);
        }
        else
        {
            _ = FinishLaterAsync(running, chain);
        }
    }

    private async Task FinishLaterAsync(ValueTask running, RequestChain chain)
    {
        await running.ConfigureAwait(false);
        Finished(chain);
    }

    private void Finished(RequestChain chain)
    {
        _chains.Return(chain);
        if (Interlocked.Decrement(ref _running) == 0)
        {
            Volatile.Read(ref _quiet)?.TrySetResult();
        }
    }

    /// <summary>Completes when no request is running. A drain and the end of the connection may wait at the same time.</summary>
    private async Task WhenQuietAsync()
    {
        while (Running > 0)
        {
            var quiet = Volatile.Read(ref _quiet);
            if (quiet is null || quiet.Task.IsCompleted)
            {
                var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                quiet = Interlocked.CompareExchange(ref _quiet, next, quiet) == quiet ? next : Volatile.Read(ref _quiet)!;
            }

            if (Running == 0)
            {
                return;
            }

            await quiet.Task.ConfigureAwait(false);
        }
    }

    private async Task FlushAsync()
    {
        foreach (var open in Connection.Sessions.Values.SelectMany(session => session.Opens.All))
        {
            try
            {
                await open.FlushAsync(_ended.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                ServerLog.ConnectionFault(_pipeline.Logger, e, Connection.Id);
            }
        }
    }

    /// <summary>What these sessions have begun on this connection may take its time; their other channels must not wait for that.</summary>
    private async Task LeaveSessionsThatGoOnAsync()
    {
        try
        {
            foreach (var session in Connection.Sessions.Values)
            {
                if (session.HasChannelBeside(Connection))
                {
                    await session.LoseConnectionAsync(Connection).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e)
        {
            ServerLog.ConnectionFault(_pipeline.Logger, e, Connection.Id);
        }
    }

    private async Task EndAsync()
    {
        Interlocked.CompareExchange(ref _reason, (int)ConnectionEndReason.ClientClosed, -1);
        _transport.Abort();
        await _ended.CancelAsync().ConfigureAwait(false);
        _outgoing.Close();
        Flow.End();
        Slow.Dispose();
        Connection.Pending.CancelLost();
        await LeaveSessionsThatGoOnAsync().ConfigureAwait(false);

        // Requests that are still running hold buffers and sessions; they either see the cancellation or finish their work with the store.
        await WhenQuietAsync().ConfigureAwait(false);
        try
        {
            await Connection.Graph.RemoveAsync(Connection).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ServerLog.ConnectionFault(_pipeline.Logger, e, Connection.Id);
        }

        await _transport.DisposeAsync().ConfigureAwait(false);
    }
}
