using System.Collections.Concurrent;
using System.Net;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Transport.DirectTcp;

namespace Smb3.Embedded.Rpc.Tcp;

/// <summary>The ports of DCE/RPC over TCP: accepts, counts, watches and ends their connections.</summary>
internal sealed class RpcTcpServer(RpcServer server, RpcTcpLimits limits, IRpcTcpGate gate, TimeProvider time) : IAsyncDisposable
{
    private readonly List<(IByteStreamListener Listener, RpcTcpEndpoint Endpoint)> _listeners = [];
    private readonly List<Task> _accepting = [];
    private readonly ConcurrentDictionary<long, Task> _serving = new();
    private readonly ConcurrentDictionary<long, RpcTcpConnection> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private long _lastId;
    private int _count;
    private volatile bool _hasFailed;

    /// <summary>The connections at this moment.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Whether every port still accepts.</summary>
    public bool IsHealthy => !_hasFailed;

    /// <summary>Takes a listener over; connections are accepted after <see cref="Begin"/>.</summary>
    public void Add(IByteStreamListener listener, RpcTcpEndpoint endpoint) => _listeners.Add((listener, endpoint));

    public void Begin()
    {
        foreach (var (listener, endpoint) in _listeners)
        {
            _accepting.Add(Task.Run(() => AcceptAsync(listener, endpoint)));
        }
    }

    /// <summary>Looks after the time-outs. Called every second or so.</summary>
    public void Watch()
    {
        foreach (var (_, connection) in _connections)
        {
            connection.Watch();
        }
    }

    /// <summary>Ends the connections whose security providers, as the gate gave them, are such.</summary>
    public void End(Func<IRpcSecurity, bool> which)
    {
        foreach (var (_, connection) in _connections)
        {
            if (which(connection.Security))
            {
                connection.Abort();
            }
        }
    }

    /// <summary>Accepts no more, ends every connection with its calls, and waits for that, though not for ever.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        foreach (var (listener, _) in _listeners)
        {
            await listener.DisposeAsync().ConfigureAwait(false);
        }

        await Task.WhenAll(_accepting).ConfigureAwait(false);
        foreach (var (_, connection) in _connections)
        {
            connection.Abort();
        }

        try
        {
            await Task.WhenAll(_serving.Values).WaitAsync(limits.StopPatience, time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A logon hangs in the host. It must not keep the server from ending, and ends when the host answers.
            gate.Left(_serving.Count);
        }

        _stopping.Dispose();
    }

    private async Task AcceptAsync(IByteStreamListener listener, RpcTcpEndpoint endpoint)
    {
        try
        {
            while (await listener.AcceptAsync(_stopping.Token).ConfigureAwait(false) is { } stream)
            {
                var id = Interlocked.Increment(ref _lastId);
                var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _serving[id] = ServeAsync(id, stream, endpoint, go.Task);
                go.SetResult();
            }

            _hasFailed |= !_stopping.IsCancellationRequested;
        }
        catch (Exception e)
        {
            _hasFailed = true;
            gate.Fault(e, listener.EndPoint);
        }
    }

    private async Task ServeAsync(long id, IByteStream stream, RpcTcpEndpoint endpoint, Task go)
    {
        await go.ConfigureAwait(false);
        try
        {
            if (Interlocked.Increment(ref _count) > limits.MaxConnections)
            {
                gate.TooMany(stream.RemoteEndPoint, inTotal: true);
            }
            else if (server.Quotas.Enter(NetworkOf(stream.RemoteEndPoint)) is not { } quota)
            {
                gate.TooMany(stream.RemoteEndPoint, inTotal: false);
            }
            else
            {
                try
                {
                    await ServeAsync(id, stream, endpoint, quota).ConfigureAwait(false);
                }
                finally
                {
                    server.Quotas.Leave(quota);
                }
            }
        }
        catch (Exception e)
        {
            gate.Fault(e, stream.LocalEndPoint);
        }
        finally
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            Interlocked.Decrement(ref _count);
            _serving.TryRemove(id, out _);
        }
    }

    private async Task ServeAsync(long id, IByteStream stream, RpcTcpEndpoint endpoint, RpcQuota quota)
    {
        if (await gate.AdmitAsync(stream.LocalEndPoint, stream.RemoteEndPoint, _stopping.Token).ConfigureAwait(false) is not { } security)
        {
            return;
        }

        var connection = new RpcTcpConnection(stream, server, endpoint, security, quota, limits, time);
        _connections[id] = connection;
        try
        {
            if (_stopping.IsCancellationRequested)
            {
                connection.Abort();
            }

            await connection.RunAsync().ConfigureAwait(false);
        }
        finally
        {
            _connections.TryRemove(id, out _);
            gate.Ended(security);
        }
    }

    /// <summary>Whom the connections of a network are counted as.</summary>
    private static RpcCaller NetworkOf(EndPoint remote) =>
        new(string.Empty, remote is IPEndPoint ip ? ClientNetwork.Of(ip.Address).ToString() : string.Empty) { IsAnonymous = true };
}
