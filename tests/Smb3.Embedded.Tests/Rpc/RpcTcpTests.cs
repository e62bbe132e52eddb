using System.Buffers.Binary;
using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.TestClient.Rpc;
using Smb3.Embedded.Tests.Pipes;
using Xunit;

namespace Smb3.Embedded.Tests.Rpc;

/// <summary>DCE/RPC over TCP: what a stranger meets at its ports.</summary>
public sealed class RpcTcpTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);
    private static readonly RpcSyntax Mapper = new(new Guid("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3, 0);

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("\0\0\0\u0010SMB2SMB2SMB2SMB2")]
    public async Task What_is_not_RPC_ends_the_connection(string text)
    {
        await using var server = await WitnessServer.StartAsync();
        var connection = await server.DialAsync();
        await connection.SendAsync(System.Text.Encoding.Latin1.GetBytes(text));
        await connection.WhenEndedAsync().WaitAsync(Soon);
    }

    [Theory]
    [InlineData(5841)]
    [InlineData(65_535)]
    [InlineData(15)]
    public async Task A_fragment_of_such_a_length_is_refused_before_it_has_come(ushort length)
    {
        await using var server = await WitnessServer.StartAsync();
        var connection = await server.DialAsync();
        var bind = RpcTestConnection.Bind(RpcPacketType.Bind, WitnessTestClient.Syntax, 0, RpcPacketFlags.OnlyFragment);
        BinaryPrimitives.WriteUInt16LittleEndian(bind.AsSpan(8), length);
        await connection.SendAsync(bind.AsMemory(0, 16));
        Assert.Equal(RpcPacketType.BindNak, RpcTestConnection.TypeOf((await connection.ReceiveAsync().WaitAsync(Soon))!));
        await connection.WhenEndedAsync().WaitAsync(Soon);
    }

    [Fact]
    public async Task A_bind_may_come_byte_by_byte()
    {
        await using var server = await WitnessServer.StartAsync();
        var connection = await server.DialAsync();
        foreach (var one in RpcTestConnection.Bind(RpcPacketType.Bind, WitnessTestClient.Syntax, 0, RpcPacketFlags.OnlyFragment))
        {
            await connection.SendAsync(new[] { one });
        }

        Assert.Equal(RpcPacketType.BindAck, RpcTestConnection.TypeOf((await connection.ReceiveAsync().WaitAsync(Soon))!));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Who_does_not_authenticate_in_time_loses_the_connection(int progress)
    {
        var time = new FakeTimeProvider();
        await using var server = await WitnessServer.StartAsync(options => options.TimeProvider = time);
        var connection = await server.DialAsync();
        switch (progress)
        {
            case 1:
                await connection.SendAsync(new byte[] { 5, 0, 11 }); // half a header
                break;
            case 2:
                await connection.BindAsync(WitnessTestClient.Syntax, null);
                break;
            case 3:
                var bind = RpcTestConnection.Bind(RpcPacketType.Bind, Mapper, 0, RpcPacketFlags.OnlyFragment);
                await connection.SendAsync(bind);
                await connection.ReceiveAsync();
                break;
        }

        var loyal = await server.ConnectAsync();
        Assert.Equal(0u, (await loyal.GetInterfaceListAsync()).Status); // now the server has its last token
        var ended = connection.WhenEndedAsync();
        for (var i = 0; i < 44; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.False(ended.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(3));
        await ended.WaitAsync(Soon);
        Assert.Equal(0u, (await loyal.GetInterfaceListAsync()).Status);
    }

    [Fact]
    public async Task The_mapper_needs_no_user_and_ends_who_is_idle()
    {
        var time = new FakeTimeProvider();
        await using var server = await WitnessServer.StartAsync(options => options.TimeProvider = time);
        var connection = await server.DialAsync(server.Mapper);
        Assert.Null(await connection.BindAsync(Mapper, null));
        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(40));
            Assert.Equal(20, (await connection.CallAsync(5, static _ => { }).WaitAsync(Soon)).Stub.Length);
        }

        time.Advance(TimeSpan.FromSeconds(50));
        await connection.WhenEndedAsync().WaitAsync(Soon);
    }

    [Fact]
    public async Task A_user_may_be_idle_as_long_as_anywhere_and_while_a_call_waits_for_ever()
    {
        var time = new FakeTimeProvider();
        await using var server = await WitnessServer.StartAsync(options => options.TimeProvider = time);
        var idle = await server.ConnectAsync();
        var waiter = await server.ConnectAsync();
        var (_, handle) = await waiter.RegisterAsync(WitnessServer.Name, WitnessServer.Second);
        var waiting = waiter.AsyncNotifyAsync(handle);
        await server.UntilAsync(all => all is [{ IsWaiting: true }]);
        Assert.Equal(0u, (await idle.GetInterfaceListAsync()).Status);
        time.Advance(TimeSpan.FromMinutes(14));
        Assert.Equal(0u, (await idle.GetInterfaceListAsync()).Status);
        time.Advance(TimeSpan.FromMinutes(16));
        await idle.Connection.WhenEndedAsync().WaitAsync(Soon);
        server.Source.SetState("NODE2", SmbWitnessState.Unavailable);
        Assert.Equal(0u, (await waiting.WaitAsync(Soon)).Status);
    }

    [Fact]
    public async Task Connections_from_one_address_are_bounded_and_their_places_come_back()
    {
        await using var server = await WitnessServer.StartAsync(options => options.Limits.MaxConnectionsPerAddress = 3);
        var first = await server.ConnectAsync();
        await server.ConnectAsync();
        await server.ConnectAsync();
        var late = await server.DialAsync();
        await late.WhenEndedAsync().WaitAsync(Soon);
        Assert.Equal(0u, (await first.GetInterfaceListAsync()).Status);
        await first.DisposeAsync();
        for (var i = 0; ; i++)
        {
            try
            {
                await server.ConnectAsync();
                break;
            }
            catch (Exception e) when (i < 200 && e is IOException or System.Net.Sockets.SocketException)
            {
                await Task.Delay(10);
            }
        }
    }

    [Fact]
    public async Task Connections_in_total_are_bounded()
    {
        await using var server = await WitnessServer.StartAsync(options => options.Limits.MaxConnections = 2);
        var first = await server.ConnectAsync();
        var mapper = await server.DialAsync(server.Mapper);
        Assert.Null(await mapper.BindAsync(Mapper, null));
        var late = await server.DialAsync();
        await late.WhenEndedAsync().WaitAsync(Soon);
        Assert.Equal(0u, (await first.GetInterfaceListAsync()).Status);
    }

    [Fact]
    public async Task A_stub_that_does_not_end_is_refused()
    {
        await using var server = await WitnessServer.StartAsync();
        var connection = await server.DialAsync(server.Mapper);
        await connection.SendAsync(RpcTestConnection.Bind(RpcPacketType.Bind, Mapper, 0, RpcPacketFlags.OnlyFragment));
        Assert.Equal(RpcPacketType.BindAck, RpcTestConnection.TypeOf((await connection.ReceiveAsync().WaitAsync(Soon))!));
        for (var i = 0; i < 20; i++)
        {
            var flags = i == 0 ? RpcPacketFlags.FirstFragment : RpcPacketFlags.None;
            await connection.SendAsync(RpcTestConnection.Pdu(RpcPacketType.Request, 2, new byte[5000], flags));
        }

        Assert.Equal(RpcPacketType.Fault, RpcTestConnection.TypeOf((await connection.ReceiveAsync().WaitAsync(Soon))!));
        await connection.WhenEndedAsync().WaitAsync(Soon);
    }

    [Fact]
    public async Task Who_is_refused_may_finish_sending_and_then_reads_why()
    {
        var time = new FakeTimeProvider();
        await using var server = await WitnessServer.StartAsync(options => options.TimeProvider = time);
        var connection = await server.DialAsync(server.Mapper);
        await connection.SendAsync("GET / HTTP/1.1\r\nHost: server\r\n\r\n"u8.ToArray());

        // The server has refused it by now, and its patience does not pass.
        for (var i = 0; i < 20; i++)
        {
            await Task.Delay(10);
            await connection.SendAsync(new byte[5000]);
        }

        Assert.Equal(RpcPacketType.Fault, RpcTestConnection.TypeOf((await connection.ReceiveAsync().WaitAsync(Soon))!));
        var ended = connection.WhenEndedAsync();
        for (var i = 0; i < 1000 && !ended.IsCompleted; i++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(ended, Task.Delay(10));
        }

        await ended.WaitAsync(Soon);
    }

    [Fact]
    public async Task Who_reads_no_answers_is_not_read_from_either()
    {
        await using var server = await WitnessServer.StartAsync();
        var connection = await server.DialAsync(server.Mapper);
        await connection.SendAsync(RpcTestConnection.Bind(RpcPacketType.Bind, Mapper, 0, RpcPacketFlags.OnlyFragment));
        await connection.ReceiveAsync();

        // Each request of 52 bytes has an answer of about 190.
        var request = new byte[8 + 36];
        request[6] = 2;
        var many = new byte[200 * 60];
        var total = 0L;
        uint id = 2;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            using var batch = new MemoryStream(many);
            for (var i = 0; i < 200; i++)
            {
                batch.Write(RpcTestConnection.Pdu(RpcPacketType.Request, id++, request));
            }

            // What the kernels of both ends take is the only slack; then sending no longer completes.
            var sending = connection.SendAsync(many);
            if (await Task.WhenAny(sending, Task.Delay(TimeSpan.FromSeconds(1), patience.Token)) != sending)
            {
                break;
            }

            total += many.Length;
            Assert.True(total < 256L << 20, "It is read on and on.");
        }
    }

    [Fact]
    public async Task A_group_is_joined_by_its_number_which_cannot_be_guessed()
    {
        await using var server = await WitnessServer.StartAsync();
        var client = await server.ConnectAsync();
        var joined = await server.ConnectAsync(group: client.Connection.Group);
        Assert.Equal(client.Connection.Group, joined.Connection.Group);
        var other = await server.ConnectAsync();
        Assert.NotInRange(other.Connection.Group, client.Connection.Group - 1000, client.Connection.Group + 1000);
        var wrong = await server.DialAsync();
        var nak = await wrong.BindAsync(WitnessTestClient.Syntax, WitnessServer.Alice, client.Connection.Group ^ 0x5555);
        Assert.Equal(RpcPacketType.BindNak, RpcTestConnection.TypeOf(nak!));
    }

    [Fact]
    public async Task A_port_that_is_taken_ends_the_start_and_the_message_names_the_setting()
    {
        await using var first = await WitnessServer.StartAsync();
        var taken = ((IPEndPoint)first.Port).Port;
        await using var second = new WitnessServer(options => options.Witness.Port = taken);
        var refused = await Assert.ThrowsAsync<SmbServerStartException>(() => second.Server.StartAsync());
        Assert.Contains($"127.0.0.1:{taken}", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Witness", refused.Message, StringComparison.Ordinal);
        Assert.Empty(second.Server.EndPoints);
        await using var third = new WitnessServer(options => options.Witness.EndpointMapperPort = taken);
        await Assert.ThrowsAsync<SmbServerStartException>(() => third.Server.StartAsync());
    }
}
