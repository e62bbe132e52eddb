using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>The network between one node and the database, which can fail: connections then stay, and nothing goes through.</summary>
internal sealed class DatabasePath : IDisposable
{
    private const int BufferSize = 64 << 10;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private readonly Func<IPEndPoint> _database;
    private volatile TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="database">Where the database is; asked for each connection, as it may come back on another port.</param>
    public DatabasePath(Func<IPEndPoint> database)
    {
        _database = database;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _open.SetResult();
        _ = Task.Run(AcceptAsync);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public void Cut()
    {
        if (_open.Task.IsCompleted)
        {
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Heal() => _open.TrySetResult();

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var socket in _sockets.Keys)
        {
            socket.Dispose();
        }

        Heal();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var node = await _listener.AcceptAsync();
                _ = Task.Run(() => ServeAsync(node));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the end
        }
    }

    private async Task ServeAsync(Socket node)
    {
        using var database = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        node.NoDelay = true;
        _sockets[node] = _sockets[database] = true;
        try
        {
            await _open.Task;
            await database.ConnectAsync(_database());
            await Task.WhenAll(MoveAsync(node, database), MoveAsync(database, node));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // one side has gone
        }
        finally
        {
            _sockets.TryRemove(node, out _);
            _sockets.TryRemove(database, out _);
            node.Dispose();
        }
    }

    private async Task MoveAsync(Socket from, Socket to)
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                await _open.Task;
                for (var sent = 0; sent < count;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                }
            }
        }
        finally
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
