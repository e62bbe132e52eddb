using System.Buffers.Binary;
using System.Net;
using Smb3.Embedded.Pipes.EndpointMapper;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;
using Smb3.Embedded.TestClient.Rpc;
using Xunit;

namespace Smb3.Embedded.Tests.Pipes;

/// <summary>The endpoint mapper, seen from a client that has not authenticated.</summary>
public sealed class EndpointMapperTests
{
    private const uint NotRegistered = 0x16C9A0D6;

    private static readonly RpcSyntax Syntax = new(new Guid("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3, 0);

    [Theory]
    [InlineData(1, 1, 1u, 1)]
    [InlineData(1, 0, 4u, 1)]
    [InlineData(1, 1, 0u, 0)]
    [InlineData(1, 2, 4u, 0)]
    [InlineData(2, 0, 4u, 0)]
    public async Task It_tells_where_the_service_is(ushort major, ushort minor, uint max, int expected)
    {
        await using var server = await WitnessServer.StartAsync();
        var mapper = await BoundAsync(server);
        var wanted = WitnessTestClient.Syntax with { Major = major, Minor = minor };
        var (status, towers) = await MapAsync(mapper, ProtocolTower.Write(wanted, IPAddress.Any, 0), max);
        Assert.Equal(expected, towers.Count);
        Assert.Equal(expected > 0 ? 0 : NotRegistered, status);
        if (expected > 0)
        {
            var port = ((IPEndPoint)server.Port).Port;
            Assert.Equal(ProtocolTower.Write(WitnessTestClient.Syntax, IPAddress.Loopback, port), towers[0]);
        }
    }

    [Fact]
    public async Task A_port_on_all_addresses_is_told_with_the_one_that_the_client_reached()
    {
        await using var server = await WitnessServer.StartAsync(options => options.Witness.Addresses.Add(IPAddress.IPv6Any));
        var mapper = await server.DialAsync(new IPEndPoint(IPAddress.Parse("127.0.0.9"), ((IPEndPoint)server.Mapper).Port));
        Assert.Null(await mapper.BindAsync(Syntax, null));
        var (_, towers) = await MapAsync(mapper, ProtocolTower.Write(WitnessTestClient.Syntax, IPAddress.Any, 0), 1);
        Assert.Equal([127, 0, 0, 9], towers[0][^4..]);
    }

    [Fact]
    public async Task Another_transport_is_not_registered_and_a_broken_tower_neither()
    {
        await using var server = await WitnessServer.StartAsync();
        var mapper = await BoundAsync(server);
        var tower = ProtocolTower.Write(WitnessTestClient.Syntax, IPAddress.Any, 0);
        var pipe = tower.ToArray();
        pipe[^14] = 0x0F; // floor 4: a named pipe
        Assert.Equal(NotRegistered, (await MapAsync(mapper, pipe, 1)).Status);
        for (var length = 0; length < tower.Length - 16; length++)
        {
            Assert.Equal(NotRegistered, (await MapAsync(mapper, tower[..length], 1)).Status);
        }

        Assert.Equal(RpcStatus.BadStubData, (await AskAsync(mapper, new byte[1025], 1)).Fault);
        Assert.Equal(RpcStatus.BadStubData, (await AskAsync(mapper, tower, 501)).Fault);
    }

    [Fact]
    public async Task A_lookup_goes_on_until_nothing_is_left()
    {
        await using var server = await WitnessServer.StartAsync(options =>
        {
            options.Witness.Addresses.Add(IPAddress.Any);
            options.Witness.Addresses.Add(IPAddress.Loopback);
        });
        var mapper = await BoundAsync(server);
        var (status, first, handle) = await LookupAsync(mapper, Guid.Empty, 1);
        Assert.Equal((0u, "SMB Witness Service"), (status, Assert.Single(first)));
        (status, var second, var same) = await LookupAsync(mapper, handle, 1);
        Assert.Equal((0u, 1, handle), (status, second.Count, same));
        (status, var none, same) = await LookupAsync(mapper, handle, 1);
        Assert.Equal((NotRegistered, 0, Guid.Empty), (status, none.Count, same));
        (status, var all, same) = await LookupAsync(mapper, Guid.Empty, 500);
        Assert.Equal((0u, 2, Guid.Empty), (status, all.Count, same));
        Assert.Equal(RpcStatus.ContextMismatch, (await AskAsync(mapper, handle, 1)).Fault);
    }

    [Fact]
    public async Task A_lookup_can_be_given_up_and_handles_are_the_callers_own()
    {
        await using var server = await WitnessServer.StartAsync();
        var mapper = await BoundAsync(server);
        var (_, _, handle) = await LookupAsync(mapper, Guid.Empty, 1);
        var other = await BoundAsync(server);
        Assert.Equal(RpcStatus.ContextMismatch, (await AskAsync(other, handle, 1)).Fault);
        Assert.Equal(RpcStatus.ContextMismatch, (await other.CallAsync(4, stub => RpcHandleScope.Write(stub, handle))).Fault);
        Assert.Equal(new byte[24], (await mapper.CallAsync(4, stub => RpcHandleScope.Write(stub, handle))).Stub);
        Assert.Equal(RpcStatus.ContextMismatch, (await AskAsync(mapper, handle, 1)).Fault);
    }

    [Fact]
    public async Task Handles_that_nobody_gives_back_are_bounded()
    {
        await using var server = await WitnessServer.StartAsync();
        var mapper = await BoundAsync(server);
        for (var i = 0; i < 300; i++)
        {
            var (status, entries, handle) = await LookupAsync(mapper, Guid.Empty, 1);
            Assert.Equal((0u, 1, i >= 256), (status, entries.Count, handle == Guid.Empty));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    public async Task Nobody_changes_what_it_tells(ushort opnum)
    {
        await using var server = await WitnessServer.StartAsync();
        var mapper = await BoundAsync(server);
        Assert.Equal(RpcStatus.AccessDenied, (await mapper.CallAsync(opnum, stub => stub.WriteBytes(new byte[64]))).Fault);
        Assert.Equal(RpcStatus.OperationRangeError, (await mapper.CallAsync(7, static _ => { })).Fault);
        Assert.Equal(20, (await mapper.CallAsync(5, static _ => { })).Stub.Length);
    }

    [Fact]
    public async Task The_service_is_not_at_the_port_of_the_mapper()
    {
        await using var server = await WitnessServer.StartAsync();
        var connection = await server.DialAsync(server.Mapper);
        Assert.Null(await connection.BindAsync(WitnessTestClient.Syntax, null));
        Assert.Equal(RpcStatus.UnknownInterface, (await connection.CallAsync(0, static _ => { })).Fault);
    }

    private static async Task<RpcTestConnection> BoundAsync(WitnessServer server)
    {
        var connection = await server.DialAsync(server.Mapper);
        Assert.Null(await connection.BindAsync(Syntax, null));
        return connection;
    }

    private static Task<RpcTestAnswer> AskAsync(RpcTestConnection mapper, byte[] tower, uint max) => mapper.CallAsync(3, stub =>
    {
        stub.WriteNull();
        stub.WritePointer();
        stub.WriteUInt32((uint)tower.Length);
        stub.WriteUInt32((uint)tower.Length);
        stub.WriteBytes(tower);
        stub.Align(4);
        RpcHandleScope.Write(stub, Guid.Empty);
        stub.WriteUInt32(max);
    });

    private static async Task<(uint Status, List<byte[]> Towers)> MapAsync(RpcTestConnection mapper, byte[] tower, uint max)
    {
        var answer = await AskAsync(mapper, tower, max);
        Assert.Equal(RpcStatus.Ok, answer.Fault);
        return Read(answer.Stub, max);

        static (uint, List<byte[]>) Read(byte[] stub, uint max)
        {
            var reader = new NdrReader(stub);
            Assert.Equal(Guid.Empty, RpcHandleScope.Read(ref reader));
            var count = reader.ReadUInt32();
            Assert.Equal((max, 0u, count), (reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadUInt32()));
            for (var i = 0; i < count; i++)
            {
                Assert.True(reader.ReadPointer());
            }

            var towers = new List<byte[]>();
            for (var i = 0; i < count; i++)
            {
                var length = reader.ReadUInt32();
                Assert.Equal(length, reader.ReadUInt32());
                towers.Add(reader.ReadBytes((int)length).ToArray());
            }

            var status = reader.ReadUInt32();
            Assert.False(reader.Failed);
            Assert.Equal(0, reader.Remaining);
            return (status, towers);
        }
    }

    private static Task<RpcTestAnswer> AskAsync(RpcTestConnection mapper, Guid handle, uint max) => mapper.CallAsync(2, stub =>
    {
        stub.WriteUInt32(0);
        stub.WriteNull();
        stub.WriteNull();
        stub.WriteUInt32(1);
        RpcHandleScope.Write(stub, handle);
        stub.WriteUInt32(max);
    });

    private static async Task<(uint Status, List<string> Annotations, Guid Handle)> LookupAsync(RpcTestConnection mapper, Guid handle, uint max)
    {
        var answer = await AskAsync(mapper, handle, max);
        Assert.Equal(RpcStatus.Ok, answer.Fault);
        return Read(answer.Stub, max);

        static (uint, List<string>, Guid) Read(byte[] stub, uint max)
        {
            var reader = new NdrReader(stub);
            var handle = RpcHandleScope.Read(ref reader);
            var count = reader.ReadUInt32();
            Assert.Equal((max, 0u, count), (reader.ReadUInt32(), reader.ReadUInt32(), reader.ReadUInt32()));
            var annotations = new List<string>();
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(Guid.Empty, reader.ReadGuid());
                Assert.True(reader.ReadPointer());
                Assert.Equal(0u, reader.ReadUInt32());
                var text = reader.ReadBytes((int)reader.ReadUInt32());
                annotations.Add(System.Text.Encoding.ASCII.GetString(text[..^1]));
                reader.Align(4);
            }

            Assert.False(reader.Failed);
            return (BinaryPrimitives.ReadUInt32LittleEndian(stub.AsSpan(^4)), annotations, handle);
        }
    }
}
