using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Smb3.Embedded.Commands;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Tcp;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// One run of a server, from start to stop: its graph, its listeners, and a loop for each connection. No thread belongs to it; what it
/// starts it also waits for.
/// </summary>
internal sealed class ServerRun : IDisposable
{
    /// <summary>Seconds after which an unused buffer is released.</summary>
    private const int TrimPeriod = 10;

    private readonly ServerParts _parts;
    private readonly RefusalLog _refusals;
    private readonly ConnectionReport _report;
    private readonly RecoveryReport _recovery;
    private readonly RequestPipeline _pipeline;
    private readonly ISmb1Negotiator _smb1;
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<ITransportListener> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly ConcurrentDictionary<ulong, (ConnectionLoop Loop, Task Task)> _connections = new();
    private ITimer? _watch;
    private uint _ticks;
    private volatile bool _listenerFailed;
    private Task _placesChecked = Task.CompletedTask;

    public ServerRun(ServerParts parts)
    {
        _parts = parts;
        _refusals = new RefusalLog(parts.Logger, parts.Settings.TimeProvider);
        _report = new ConnectionReport(_refusals, parts.Settings.Limits);
        _recovery = new RecoveryReport(parts.Logger, parts.Metrics, parts.Settings.TimeProvider);
        Graph = new ServerGraph(parts.Settings)
        {
            FirstFileId = parts.FirstFileId,
            SessionEnded = TellSessionEnded,
            Fault = e => ServerLog.OpenFault(_parts.Logger, e),
            Interfaces = () => parts.Interfaces.Find(EndPoints),
            Changes = parts.Changes,
        };
        Graph.Shares.TryAdd(new Share { Name = "IPC$", Comment = "Remote IPC" });
        var services = new CommandServices
        {
            Settings = parts.Settings,
            Authenticator = parts.Authenticator,
            Throttle = parts.Throttle,
            Pipes = new PipeRegistry(
                new PipeHost(Graph, parts.Accounts),
                new RpcServer(new RpcLimits(), new RpcSecurity(parts), e => TellRpcFault(parts, e))),
            Hooks = parts.Hooks,
            Metrics = parts.Metrics,
            Logger = parts.Logger,
            Refusals = _refusals,
        };
        _pipeline = new RequestPipeline(CommandSet.Create(services), parts.Metrics, parts.Activities, parts.Logger, _refusals);
        _smb1 = CommandSet.CreateSmb1Negotiator(services);
    }

    public ServerGraph Graph { get; }

    /// <summary>The witness service; null when there is none.</summary>
    public WitnessRun? Witness { get; private set; }

    /// <summary>How the opens of an earlier process came back.</summary>
    public SmbRecovery? LastRecovery => _recovery.Last;

    public IReadOnlyList<EndPoint> EndPoints => [.. _listeners.Select(listener => listener.EndPoint)];

    /// <summary>What has the listeners refuse connections, as far as they can.</summary>
    public IEnumerable<IRefusal> Refusals => _listeners.Select(static listener => listener.Refusal).OfType<IRefusal>();

    /// <summary>Whether every listener still accepts.</summary>
    public bool IsHealthy => !_listenerFailed && (Witness?.IsHealthy ?? true);

    /// <summary>Takes a listener over; connections are accepted after <see cref="Begin"/>.</summary>
    public void Add(ITransportListener listener) => _listeners.Add(listener);

    /// <summary>Listens for RDMA connections, which are accepted after <see cref="Begin"/>.</summary>
    /// <exception cref="SmbServerStartException">It cannot.</exception>
    public void AddRdma(SmbRdmaEndPoint endPoint) => Add(RdmaListening.Open(endPoint, _parts.Settings.TimeProvider, _refusals));

    /// <summary>Takes the ports of the witness service; connections are accepted after <see cref="Begin"/>.</summary>
    public async ValueTask OpenWitnessAsync(WitnessSettings settings, Func<IPEndPoint, TcpTransportListener> listen) => Witness =
        await WitnessRun.OpenAsync(_parts, Graph, _refusals, settings, listen, e => TellRpcFault(_parts, e)).ConfigureAwait(false);

    /// <summary>
    /// Recreates the opens that an earlier process left behind. Called once the shares are open, and before <see cref="Begin"/>.
    /// </summary>
    public ValueTask RecoverAsync(CancellationToken cancellationToken)
    {
        var recovery = new OpenRecovery(Graph, _recovery);
        Graph.Shares.Recover = share => recovery.RunAsync([share], CancellationToken.None);
        return recovery.RunAsync(Graph.Shares.All, cancellationToken);
    }

    public void Begin()
    {
        var period = TimeSpan.FromSeconds(1);
        _watch = _parts.Settings.TimeProvider.CreateTimer(static state => ((ServerRun)state!).Watch(), this, period, period);
        foreach (var listener in _listeners)
        {
            ServerLog.Listening(_parts.Logger, listener.EndPoint);
            _accepting.Add(Task.Run(() => AcceptAsync(listener)));
        }

        Witness?.Begin();
    }

    /// <summary>
    /// Accepts no new connections, gives running requests <paramref name="drain"/> to finish, or until <paramref name="hurry"/>, then
    /// closes every connection and releases everything it held.
    /// </summary>
    public async Task StopAsync(TimeSpan drain, CancellationToken hurry)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var listener in _listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        if (Witness is not null)
        {
            await Witness.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(_accepting).ConfigureAwait(false);
        var connections = _connections.Values.ToArray();
        try
        {
            await Task.WhenAll(connections.Select(connection => connection.Loop.DrainAsync(drain))).WaitAsync(hurry).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            foreach (var (loop, _) in connections)
            {
                loop.Connection.Terminate(ConnectionEndReason.ServerStopped);
            }
        }

        // A request that hangs in a store must not keep the host from ending.
        var patience = drain > TimeSpan.FromSeconds(2) ? drain : TimeSpan.FromSeconds(2);
        try
        {
            await Task.WhenAll(connections.Select(connection => connection.Task))
                .WaitAsync(patience, _parts.Settings.TimeProvider, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ServerLog.ConnectionsLeft(_parts.Logger, _connections.Count);
        }

        _refusals.Flush();
        try
        {
            await Graph.SuspendOpensAsync().WaitAsync(patience, _parts.Settings.TimeProvider, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ServerLog.OpensLeft(_parts.Logger);
        }
        catch (Exception e)
        {
            ServerLog.OpenFault(_parts.Logger, e);
        }

        try
        {
            // What a hung request has open ends with it, whenever that is.
            await Graph.Shares.EndAllAsync()
                .WaitAsync(patience, _parts.Settings.TimeProvider, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            ServerLog.SharesLeft(_parts.Logger);
        }
        catch (Exception e)
        {
            ServerLog.OpenFault(_parts.Logger, e);
        }
    }

    /// <summary>
    /// A share goes to another node: the connections that use it finish what they have begun, or what they can until the time is over, and
    /// end. Their clients come back to whoever has it then.
    /// </summary>
    public async Task DrainAsync(Share share, TimeSpan timeout)
    {
        var loops = ConnectionsOf(share).Select(id => _connections.GetValueOrDefault(id))
            .Where(static connection => connection.Loop is not null).ToArray();
        await Task.WhenAll(loops.Select(connection => connection.Loop.DrainAsync(timeout, ConnectionEndReason.ShareMoved))).ConfigureAwait(false);
        await Task.WhenAll(loops.Select(static connection => connection.Task))
            .WaitAsync(timeout, _parts.Settings.TimeProvider, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Ends the connections that use a share, at once.</summary>
    public void Cut(Share share)
    {
        foreach (var id in ConnectionsOf(share))
        {
            Graph.FindConnection(id)?.Terminate(ConnectionEndReason.ShareFenced);
        }
    }

    private static IEnumerable<ulong> ConnectionsOf(Share share) =>
        share.Trees.SelectMany(static tree => tree.Session.Channels).Select(static channel => channel.Connection.Id).Distinct();

    public void Dispose()
    {
        _watch?.Dispose();
        _stopping.Dispose();
    }

    /// <summary>One timer for the time-outs of all connections and for the buffers, however many there are.</summary>
    private void Watch()
    {
        if (++_ticks % TrimPeriod == 0)
        {
            foreach (var listener in _listeners)
            {
                listener.Buffers.Trim();
            }

            Graph.Codecs.Trim();
        }

        // In the background: a folder on a server that does not answer must not hold up the clock.
        if (Graph.Shares.CheckPlace is { } check && _placesChecked.IsCompleted)
        {
            _placesChecked = Task.Run(() => check(null).AsTask());
        }

        foreach (var (_, connection) in _connections)
        {
            connection.Loop.Watch();
        }

        Witness?.Watch();
        _refusals.Watch();
    }

    private async Task AcceptAsync(ITransportListener listener)
    {
        ResponseBufferPool? responses = null;
        try
        {
            while (await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false) is { } transport)
            {
                responses ??= new ResponseBufferPool(transport.Buffers, transport.Headroom);
                var loop = new ConnectionLoop(Graph, transport, _pipeline, _smb1, responses);
                var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _connections[loop.Connection.Id] = (loop, ServeAsync(loop, go.Task));
                go.SetResult();
            }

            _listenerFailed |= !_stopping.IsCancellationRequested;
        }
        catch (Exception e)
        {
            _listenerFailed = true;
            ServerLog.ListenerFault(_parts.Logger, e, listener.EndPoint);
        }
    }

    /// <summary>
    /// Serves one connection from accept to end. Never throws: whatever the host's log, meters or hooks do, the connection runs to its end,
    /// which frees its place for another.
    /// </summary>
    private async Task ServeAsync(ConnectionLoop loop, Task go)
    {
        await go.ConfigureAwait(false);
        var connection = loop.Connection;
        Activity? activity = null;
        try
        {
            activity = StartActivity(connection);
            await AdmitAsync(connection).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            connection.Terminate(ConnectionEndReason.ServerFault);
            TellFault(connection, e);
        }

        var wasCounted = Graph.FindConnection(connection.Id) is not null;
        await loop.RunAsync().ConfigureAwait(false);
        try
        {
            if (wasCounted)
            {
                TellEnded(connection, loop.Reason);
            }

            activity?.SetTag("smb.end_reason", loop.Reason.ToString());
            activity?.Dispose();
        }
        catch (Exception e)
        {
            TellFault(connection, e);
        }

        _connections.TryRemove(connection.Id, out _);
    }

    /// <summary>Counts the connection, or tells it to end; one that is not welcome ends too.</summary>
    private async ValueTask AdmitAsync(Connection connection)
    {
        if (!Graph.TryAdd(connection))
        {
            connection.Terminate(ConnectionEndReason.TooManyConnections);
            _report.TooMany(connection);
            return;
        }

        _parts.Metrics.ConnectionOpened();
        if (!await IsWelcomeAsync(connection).ConfigureAwait(false))
        {
            connection.Terminate(ConnectionEndReason.RefusedByHost);
            _report.RefusedByHost(connection);
        }
    }

    private void TellEnded(Connection connection, ConnectionEndReason why)
    {
        var reason = why.ToString();
        _parts.Metrics.ConnectionEnded(reason);
        if (connection.Negotiated is not null)
        {
            ServerLog.ConnectionEnded(_parts.Logger, connection.Id, connection.RemoteEndPoint, reason);
        }

        _report.Ended(connection, why);
        TellDisconnected(connection, reason);
    }

    private void TellFault(Connection connection, Exception fault)
    {
        try
        {
            ServerLog.ConnectionFault(_parts.Logger, fault, connection.Id);
        }
        catch (Exception)
        {
            // The log itself fails: there is nowhere left to report that.
        }
    }

    private async ValueTask<bool> IsWelcomeAsync(Connection connection)
    {
        if (_parts.Hooks is not { } hooks)
        {
            return true;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(connection.Ended, _stopping.Token);
            return await hooks.OnConnectingAsync(HookFacts.Of(connection), either.Token).AsTask()
                .WaitAsync(_parts.Settings.Limits.AuthenticationTimeout, _parts.Settings.TimeProvider, either.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (e is not OperationCanceledException)
            {
                ServerLog.HookFault(_parts.Logger, e, nameof(SmbServerHooks.OnConnectingAsync), "connection");
                _parts.Metrics.Fault(nameof(SmbServerHooks.OnConnectingAsync));
            }

            return false;
        }
    }

    private void TellDisconnected(Connection connection, string reason)
    {
        try
        {
            _parts.Hooks?.OnDisconnected(HookFacts.Of(connection), reason);
        }
        catch (Exception e)
        {
            ServerLog.HookFault(_parts.Logger, e, nameof(SmbServerHooks.OnDisconnected), "notice");
        }
    }

    private static void TellRpcFault(ServerParts parts, Exception e)
    {
        ServerLog.RpcFault(parts.Logger, e);
        parts.Metrics.Fault("Rpc");
    }

    private void TellSessionEnded(Session session)
    {
        try
        {
            if (session.Identity is { } identity)
            {
                _parts.Hooks?.OnSessionEnded(HookFacts.Of(session, identity));
            }
        }
        catch (Exception e)
        {
            ServerLog.HookFault(_parts.Logger, e, nameof(SmbServerHooks.OnSessionEnded), "notice");
        }
    }

    private Activity? StartActivity(Connection connection)
    {
        // A connection is not part of any request of the host: its activity must not become a child of whatever started the server.
        var activity = _parts.Activities.StartActivity("smb.connection", ActivityKind.Server, default(ActivityContext));
        if (connection.RemoteEndPoint is IPEndPoint remote)
        {
            activity?.SetTag("client.address", remote.Address.ToString());
            activity?.SetTag("client.port", remote.Port);
        }

        return activity;
    }
}
