using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.EndpointMapper;
using Smb3.Embedded.Pipes.Witness;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Tcp;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport.Tcp;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>
/// The witness service during one run of the server: its ports, the endpoint mapper that tells clients where they are, and the
/// registrations.
/// </summary>
internal sealed class WitnessRun : IRpcTcpGate, IAsyncDisposable
{
    private const int Backlog = 128;

    /// <summary>Requests of these interfaces are small, and whoever sends them may be a stranger.</summary>
    private static readonly RpcLimits SmallRequests = new()
    {
        OfferedFragment = 5840, // what Windows offers over TCP
        MaxRequestStub = 64 * 1024,
        MaxUnreadBytes = 1 << 20,
        MaxBytesPerCaller = 8 << 20,
    };

    private readonly ServerParts _parts;
    private readonly ServerGraph _graph;
    private readonly RefusalLog _refusals;
    private readonly WitnessTable _table;
    private readonly RpcTcpServer _ports;

    private WitnessRun(ServerParts parts, ServerGraph graph, RefusalLog refusals, WitnessSettings settings, Action<Exception> fault)
    {
        _parts = parts;
        _graph = graph;
        _refusals = refusals;
        var limits = parts.Settings.Limits;
        _table = new WitnessTable(settings.Source, new WitnessLimits(), parts.Settings.TimeProvider, name => graph.Shares.FindKnown(name) is not null);
        _ports = new RpcTcpServer(
            new RpcServer(SmallRequests with { MaxConnectionsPerCaller = limits.MaxConnectionsPerAddress }, security: null, fault),
            new RpcTcpLimits
            {
                MaxConnections = limits.MaxConnections,
                AuthenticationTimeout = limits.AuthenticationTimeout,
                IdleTimeout = limits.IdleTimeout,
            },
            this,
            parts.Settings.TimeProvider);
    }

    /// <summary>The ports of the service.</summary>
    public IReadOnlyList<EndPoint> EndPoints { get; private set; } = [];

    /// <summary>The ports of the endpoint mapper.</summary>
    public IReadOnlyList<EndPoint> EndpointMapper { get; private set; } = [];

    /// <summary>Whether every port still accepts.</summary>
    public bool IsHealthy => _ports.IsHealthy;

    /// <summary>The registrations at this moment.</summary>
    public IReadOnlyList<SmbWitnessRegistration> Registrations =>
    [
        .. _table.All.Select(one => new SmbWitnessRegistration(
            one.Interest.ClientName,
            one.Caller.UserName,
            one.Interest.NetName,
            one.Interest.Address,
            one.Interest.ShareName,
            one.IsWaiting)),
    ];

    /// <summary>Takes the ports; connections are accepted after <see cref="Begin"/>.</summary>
    /// <param name="parts">The server.</param>
    /// <param name="graph">Its tables.</param>
    /// <param name="refusals">Where refusals are logged.</param>
    /// <param name="settings">What the service runs with.</param>
    /// <param name="listen">Takes a port; throws what ends the start of the server.</param>
    /// <param name="fault">Is told of an interface that threw.</param>
    public static async ValueTask<WitnessRun> OpenAsync(
        ServerParts parts,
        ServerGraph graph,
        RefusalLog refusals,
        WitnessSettings settings,
        Func<IPEndPoint, TcpTransportListener> listen,
        Action<Exception> fault)
    {
        var run = new WitnessRun(parts, graph, refusals, settings, fault);
        try
        {
            run.Open(settings, listen);
            return run;
        }
        catch
        {
            await run.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public void Begin()
    {
        foreach (var endPoint in EndPoints)
        {
            ServerLog.WitnessListening(_parts.Logger, endPoint);
        }

        foreach (var endPoint in EndpointMapper)
        {
            ServerLog.EndpointMapperListening(_parts.Logger, endPoint);
        }

        _ports.Begin();
    }

    /// <summary>Looks after the time-outs. Called every second.</summary>
    public void Watch()
    {
        _ports.Watch();
        _table.Watch();
    }

    /// <summary>Ends the connections of a user, and with them what the user has registered.</summary>
    public void End(Func<SmbIdentity, bool> whose) =>
        _ports.End(security => security is RpcTcpSecurity { Identity: { } identity } && whose(identity));

    public async ValueTask DisposeAsync()
    {
        await _ports.DisposeAsync().ConfigureAwait(false);
        _table.Dispose();
    }

    async ValueTask<IRpcSecurity?> IRpcTcpGate.AdmitAsync(EndPoint local, EndPoint remote, CancellationToken cancellation)
    {
        var time = _parts.Settings.TimeProvider;
        var connection = new SmbConnectionInfo(_graph.NextConnectionId(), local, remote, time.GetUtcNow());
        if (_parts.Hooks is { } hooks
            && !await hooks.AskAsync(
                _parts.Logger, nameof(SmbServerHooks.OnConnectingAsync), "connection",
                h => new(h.OnConnectingAsync(connection, cancellation).AsTask()
                    .WaitAsync(_parts.Settings.Limits.AuthenticationTimeout, time, cancellation))).ConfigureAwait(false))
        {
            Tell(
                nameof(RefusalMessages.ConnectionRefusedByHost), remote,
                repeats => RefusalMessages.ConnectionRefusedByHost(_parts.Logger, remote, repeats));
            return null;
        }

        return new RpcTcpSecurity(_parts, connection);
    }

    void IRpcTcpGate.Ended(IRpcSecurity security)
    {
        try
        {
            _parts.Hooks?.OnDisconnected(((RpcTcpSecurity)security).Connection, "RpcConnectionEnded");
        }
        catch (Exception e)
        {
            ServerLog.HookFault(_parts.Logger, e, nameof(SmbServerHooks.OnDisconnected), "notice");
        }
    }

    void IRpcTcpGate.Left(int count) => ServerLog.ConnectionsLeft(_parts.Logger, count);

    void IRpcTcpGate.TooMany(EndPoint remote, bool inTotal)
    {
        var limits = _parts.Settings.Limits;
        if (inTotal)
        {
            Tell(
                nameof(RefusalMessages.TooManyConnections), remote,
                repeats => RefusalMessages.TooManyConnections(_parts.Logger, remote, limits.MaxConnections, repeats));
        }
        else
        {
            Tell(
                nameof(RefusalMessages.TooManyFromAddress), remote,
                repeats => RefusalMessages.TooManyFromAddress(_parts.Logger, remote, limits.MaxConnectionsPerAddress, repeats));
        }
    }

    void IRpcTcpGate.Fault(Exception exception, EndPoint endPoint) => ServerLog.ListenerFault(_parts.Logger, exception, endPoint);

    private void Tell(string kind, EndPoint remote, Action<Repeats> write) => _refusals.Tell(
        kind, ClientNetwork.Of((remote as IPEndPoint)?.Address ?? IPAddress.None), null, (_, repeats) => write(repeats));

    private void Open(WitnessSettings settings, Func<IPEndPoint, TcpTransportListener> listen)
    {
        var service = new WitnessService(_table, settings.HasName, new WitnessLimits());
        var endPoints = new List<IPEndPoint>();
        foreach (var address in settings.Addresses)
        {
            endPoints.Add(Add(new IPEndPoint(address, settings.Port), new RpcTcpEndpoint([service], NeedsAuthentication: true), listen));
        }

        EndPoints = endPoints;
        MappedEndpoint[] mapped = [.. endPoints.Select(endPoint => new MappedEndpoint(service.Syntax, "SMB Witness Service", endPoint))];
        OpenEndpointMapper(settings, new RpcTcpEndpoint([new EndpointMapperInterface(mapped)], NeedsAuthentication: false), listen);
    }

    /// <summary>Without its usual port, which often takes privileges or is in use, clients must be told the service's port otherwise.</summary>
    private void OpenEndpointMapper(WitnessSettings settings, RpcTcpEndpoint mapper, Func<IPEndPoint, TcpTransportListener> listen)
    {
        var endPoints = new List<EndPoint>();
        foreach (var address in settings.Addresses)
        {
            if (settings.EndpointMapperPort is { } port)
            {
                endPoints.Add(Add(new IPEndPoint(address, port), mapper, listen));
                continue;
            }

            var usual = new IPEndPoint(address, WitnessSettings.UsualEndpointMapperPort);
            try
            {
                endPoints.Add(Add(usual, mapper, endPoint => TcpTransportListener.Listen(endPoint, Backlog, portable: true)));
            }
            catch (SocketException e)
            {
                ServerLog.EndpointMapperNotBound(_parts.Logger, usual, e.SocketErrorCode);
            }
        }

        EndpointMapper = endPoints;
    }

    private IPEndPoint Add(IPEndPoint endPoint, RpcTcpEndpoint served, Func<IPEndPoint, TcpTransportListener> listen)
    {
        var listener = listen(endPoint);
        _ports.Add(listener, served);
        return (IPEndPoint)listener.EndPoint;
    }
}
