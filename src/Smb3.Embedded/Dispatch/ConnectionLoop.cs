using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Threading;
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
    private static readonly TimeSpan PatienceWithCancelled = TimeSpan.FromMilliseconds(250);

    private readonly IMessageTransport _transport;
    private readonly RequestPipeline _pipeline;
    private readonly ISmb1Negotiator _smb1;
    private readonly CancellationTokenSource _ended = new();
    private readonly FrameLimits _frames;
    private readonly Func<int> _longest;
    private readonly ChainPool _chains = new();
    private readonly ServerLimits _limits;
    private readonly TimeProvider _time;
    private int _draining;
    private int _reason = -1;

    public ConnectionLoop(
        ServerGraph graph, IMessageTransport transport, RequestPipeline pipeline, ISmb1Negotiator smb1, ResponseBufferPool buffers)
    {
        _transport = transport;
        _pipeline = pipeline;
        _smb1 = smb1;
        _limits = graph.Settings.Limits;
        _time = graph.Settings.TimeProvider;
        Slow = new SlowRequests(_time, graph.Settings.InterimResponseDelay);
        Output = new ConnectionOutput(transport, buffers, Flow, _time, CountSent, () => Terminate(ConnectionEndReason.SendFailed));
        Connection = new Connection(
            graph, graph.NextConnectionId(), transport.LocalEndPoint, transport.RemoteEndPoint, Terminate, _ended.Token)
        {
            Notifications = this,
            HasPeerClosed = () => transport.HasPeerClosed,
        };
        _frames = new FrameLimits(Connection, transport);
        _longest = () => _frames.LargestRequest;
    }

    public Connection Connection { get; }

    public IMessageTransport Transport => _transport;

    /// <summary>The longest message that the client takes, in bytes.</summary>
    public int LargestMessage => _transport.LargestMessage;

    /// <summary>The way out.</summary>
    public ConnectionOutput Output { get; }

    /// <summary>Counts what the connection makes the server hold.</summary>
    public FlowControl Flow { get; } = new(FrameLimits.StrangerLimit);

    /// <summary>The requests that did not complete at once.</summary>
    public SlowRequests Slow { get; }

    /// <summary>The most bytes of responses that share a frame; a longer response leaves alone.</summary>
    public int LargestResponse => _frames.LargestResponse;

    /// <summary>Why the connection ended; the first cause wins.</summary>
    public ConnectionEndReason Reason => _reason < 0 ? ConnectionEndReason.ClientClosed : (ConnectionEndReason)_reason;

    /// <summary>The requests that are being served.</summary>
    public RunningRequests Running { get; } = new();

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

        Output.Release();
        await EndAsync().ConfigureAwait(false);
    }

    /// <summary>Whether no further request is accepted.</summary>
    public bool IsDraining => Volatile.Read(ref _draining) != 0;

    /// <summary>
    /// Accepts no further request; those that are running may finish, those that wait for another party are cancelled, and what was written
    /// is made safe.
    /// </summary>
    public async Task DrainAsync(TimeSpan timeout, ConnectionEndReason reason = ConnectionEndReason.ServerStopped)
    {
        Interlocked.Exchange(ref _draining, 1);
        Connection.Pending.CancelAll();
        try
        {
            await Running.WhenQuietAsync().WaitAsync(timeout, _time).ConfigureAwait(false);
            await FlushAsync().WaitAsync(timeout, _time).ConfigureAwait(false);
            await Output.WhenIdleAsync().WaitAsync(timeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ServerLog.DrainTimedOut(_pipeline.Logger, Running.Count, timeout);
        }

        Terminate(reason);
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
            && Running.Count == 0
            && Connection.Sessions.Values.All(session => session.Opens.Count == 0))
        {
            Terminate(ConnectionEndReason.IdleTimeout);
        }
    }

    /// <inheritdoc/>
    public SentMark? TrySend(ReadOnlySpan<byte> message, Session? sealedFor, IGuard? guard) =>
        _reason >= 0 ? null : Output.Notify(message, sealedFor, guard);

    /// <inheritdoc/>
    public Arrival ArrivalOf(SentMark mark) => Output.ArrivalOf(mark, Connection.Traffic.LastReceived);

    public void Violation(ConnectionEndReason reason)
    {
        RequestReport.Violation(_pipeline.Refusals, Connection, reason);
        Terminate(reason);
    }

    /// <summary>Counts a message that went compressed.</summary>
    /// <param name="bytes">Its bytes without compression.</param>
    /// <param name="sent">Its bytes with it, which a client may have made more.</param>
    /// <param name="direction"><c>received</c> or <c>sent</c>.</param>
    public void CountCompressed(int bytes, int sent, string direction)
    {
        var saved = Math.Max(0, bytes - sent);
        Connection.Traffic.CountCompressed(bytes, saved);
        _pipeline.Metrics.Compressed(bytes, saved, direction, Connection.Negotiated!.Compression!.Name);
    }

    private void CountSent(int bytes)
    {
        Connection.Traffic.CountSent(bytes);
        _pipeline.Metrics.Sent(bytes);
    }

    private void Terminate(ConnectionEndReason reason)
    {
        if (Interlocked.CompareExchange(ref _reason, (int)reason, -1) == -1)
        {
            Output.Release();
            _ = Task.Run(async () =>
            {
                // A last response may still be on its way out, but a peer that does not read must not hold us up.
                try
                {
                    await Output.WhenIdleAsync().WaitAsync(TimeSpan.FromSeconds(1), _time).ConfigureAwait(false);
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
                Output.Release();
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
            if (Connection.Pending.WhenCancelledAreAnswered() is { } answered)
            {
                await GiveTimeAsync(answered).ConfigureAwait(false);
            }

            if (_reason >= 0 || IsDraining)
            {
                frame.Dispose();
                Output.Release();
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
                Output.Hold();
            }

            Start(frame);
            if (!hasNext)
            {
                Output.Release();
            }
        }
    }

    /// <summary>
    /// Waits for the answers to requests that were cancelled, but not for ever: what ends a wait may itself have to wait, for a store or for the client
    /// to read. A client that cancels much waits for each of them once.
    /// </summary>
    private async Task GiveTimeAsync(Task answered)
    {
        try
        {
            Output.Release();
            await answered.WaitAsync(PatienceWithCancelled, _time, _ended.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Connection.Pending.GiveUpOnCancelled();
        }
        catch (OperationCanceledException)
        {
            // The connection has ended.
        }
    }

    private void Start(ReceivedMessage frame)
    {
        var size = 0;
        switch (MessageTransform.Open(Connection, frame.Memory, out var messages, out var encryptedBy))
        {
            case OpenOutcome.Compressed:
                size = MessageTransform.SizeOf(Connection, messages.Span, _frames.LargestRequest);
                if (size == 0)
                {
                    frame.Dispose();
                    encryptedBy?.Release();
                    Violation(ConnectionEndReason.DecompressionFailed);
                    return;
                }

                break;

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

        Running.Enter();
        var chain = _chains.TryTake() ?? new RequestChain(this, _pipeline);
        chain.Begin(frame, messages, encryptedBy, size);
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
        Running.Leave();
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
        Output.Close();
        Flow.End();
        Slow.Dispose();
        Connection.Pending.CancelLost();
        await LeaveSessionsThatGoOnAsync().ConfigureAwait(false);

        // Requests that are still running hold buffers and sessions; they either see the cancellation or finish their work with the store.
        await Running.WhenQuietAsync().ConfigureAwait(false);
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
