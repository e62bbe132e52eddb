using System.Net;
using System.Net.Sockets;
using System.Text;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Transport.Tcp;
using Xunit;

namespace Smb3.Embedded.Tests.Transport;

/// <summary>What a TCP connection promises to the rooms above, however the platform waits for its sockets.</summary>
public sealed class TcpLineTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TcpTransportListener _listener = TcpTransportListener.Listen(new IPEndPoint(IPAddress.Loopback, 0), 64);
    private readonly List<Socket> _clients = [];
    private readonly List<IByteStream> _connections = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }

        _clients.ForEach(client => client.Dispose());
        await _listener.DisposeAsync();
    }

    [Fact]
    public async Task What_one_side_sends_the_other_receives_however_long_it_is()
    {
        var (client, connection) = await ConnectAsync();
        var sent = new byte[8 << 20];
        Random.Shared.NextBytes(sent);

        // More than the socket takes at once: the sender must wait for the reader.
        var sending = connection.Output.WriteAsync(sent).AsTask();
        var received = new byte[sent.Length];
        for (var count = 0; count < received.Length;)
        {
            count += await client.ReceiveAsync(received.AsMemory(count));
        }

        Assert.False((await sending.WaitAsync(Patience)).IsCompleted);
        Assert.Equal(sent, received);
    }

    [Fact]
    public async Task Both_directions_wait_at_the_same_time()
    {
        var (client, connection) = await ConnectAsync();
        var reading = ReadAsync(connection);
        var sending = connection.Output.WriteAsync(new byte[8 << 20]).AsTask();
        await client.SendAsync("here"u8.ToArray());
        Assert.Equal("here", await reading.WaitAsync(Patience));
        Assert.False(sending.IsCompleted);
        connection.Abort();
        Assert.True((await sending.WaitAsync(Patience)).IsCompleted);
    }

    [Fact]
    public async Task A_peer_that_closes_ends_the_input()
    {
        var (client, connection) = await ConnectAsync();
        var reading = connection.Input.ReadAsync().AsTask();
        client.Dispose();
        var result = await reading.WaitAsync(Patience);
        Assert.True(result.IsCompleted);
        Assert.True(result.Buffer.IsEmpty);
    }

    [Fact]
    public async Task An_abort_ends_a_wait_and_every_later_one()
    {
        var (_, connection) = await ConnectAsync();
        var reading = connection.Input.ReadAsync().AsTask();
        connection.Abort();
        connection.Abort();
        Assert.True((await reading.WaitAsync(Patience)).IsCompleted);
        Assert.True((await connection.Input.ReadAsync()).IsCompleted);
        Assert.True((await connection.Output.WriteAsync(new byte[1])).IsCompleted);
    }

    [Fact]
    public async Task Connections_that_block_their_threads_do_not_hold_up_another()
    {
        const int Blocked = 6;
        using var release = new ManualResetEventSlim();
        var blocked = new List<Task>();
        for (var i = 0; i < Blocked; i++)
        {
            var (client, connection) = await ConnectAsync();
            blocked.Add(BlockAsync(connection, release));
            await client.SendAsync("x"u8.ToArray());
        }

        var (last, other) = await ConnectAsync();
        var reading = ReadAsync(other);
        await last.SendAsync("here"u8.ToArray());
        Assert.Equal("here", await reading.WaitAsync(Patience));
        Assert.DoesNotContain(blocked, task => task.IsCompleted);
        release.Set();
        await Task.WhenAll(blocked).WaitAsync(Patience);
    }

    [Fact]
    public async Task Connections_outlive_their_listener()
    {
        var (client, connection) = await ConnectAsync();
        await _listener.DisposeAsync();
        var reading = ReadAsync(connection);
        await client.SendAsync("here"u8.ToArray());
        Assert.Equal("here", await reading.WaitAsync(Patience));
        Assert.Null(await _listener.AcceptAsync(CancellationToken.None));
    }

    private static async Task BlockAsync(IByteStream connection, ManualResetEventSlim release)
    {
        await connection.Input.ReadAsync().ConfigureAwait(false);
        release.Wait(Patience);
    }

    private static async Task<string> ReadAsync(IByteStream connection)
    {
        var result = await connection.Input.ReadAsync();
        var text = Encoding.ASCII.GetString(result.Buffer);
        connection.Input.AdvanceTo(result.Buffer.End);
        return text;
    }

    private async Task<(Socket Client, IByteStream Connection)> ConnectAsync()
    {
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _clients.Add(client);
        var accepting = _listener.AcceptAsync(CancellationToken.None).AsTask();
        await client.ConnectAsync(_listener.EndPoint);
        var connection = await accepting.WaitAsync(Patience);
        _connections.Add(connection!);
        return (client, connection!);
    }
}
