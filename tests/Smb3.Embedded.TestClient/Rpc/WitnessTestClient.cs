using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.TestClient.Rpc;

/// <summary>A client of the witness service (MS-SWN), which reads its answers strictly.</summary>
internal sealed class WitnessTestClient(RpcTestConnection connection) : IAsyncDisposable
{
    public const uint Version1 = 0x00010001;
    public const uint Version2 = 0x00020000;

    public static RpcSyntax Syntax { get; } = new(new Guid("ccd8c074-d0e5-4a40-92b4-d074faa6ba28"), 1, 1);

    public RpcTestConnection Connection => connection;

    /// <summary>Connects, binds and authenticates.</summary>
    public static async Task<WitnessTestClient> ConnectAsync(EndPoint server, RpcTestCredentials? credentials, uint group = 0)
    {
        var connection = await RpcTestConnection.ConnectAsync(server);
        return await connection.BindAsync(Syntax, credentials, group) is null
            ? new WitnessTestClient(connection)
            : throw new InvalidOperationException("The bind was refused.");
    }

    public async Task<(uint Status, IReadOnlyList<WitnessTestInterface> Interfaces)> GetInterfaceListAsync()
    {
        var answer = await CallAsync(0, static _ => { });
        return ReadInterfaces(answer);
    }

    public async Task<(uint Status, Guid Handle)> RegisterAsync(
        string? netName, string? address, string? clientName = "CLIENT", uint version = Version1)
    {
        var answer = await CallAsync(1, stub =>
        {
            stub.WriteUInt32(version);
            WriteText(stub, netName);
            WriteText(stub, address);
            WriteText(stub, clientName);
        });
        return ReadHandleAndStatus(answer);
    }

    public async Task<(uint Status, Guid Handle)> RegisterExAsync(
        string? netName,
        string? shareName,
        string? address,
        string? clientName = "CLIENT",
        uint flags = 0,
        uint keepAlive = 0,
        uint version = Version2)
    {
        var answer = await CallAsync(4, stub =>
        {
            stub.WriteUInt32(version);
            WriteText(stub, netName);
            WriteText(stub, shareName);
            WriteText(stub, address);
            WriteText(stub, clientName);
            stub.WriteUInt32(flags);
            stub.WriteUInt32(keepAlive);
        });
        return ReadHandleAndStatus(answer);
    }

    public async Task<uint> UnRegisterAsync(Guid handle) =>
        BinaryPrimitives.ReadUInt32LittleEndian(await CallAsync(2, stub => RpcHandleScope.Write(stub, handle)));

    public async Task<(uint Status, Guid Handle)> UnRegisterExAsync(Guid handle) =>
        ReadHandleAndStatus(await CallAsync(5, stub => RpcHandleScope.Write(stub, handle)));

    public async Task<WitnessTestNotification> AsyncNotifyAsync(Guid handle) =>
        ReadNotification(await CallAsync(3, stub => RpcHandleScope.Write(stub, handle)));

    public ValueTask DisposeAsync() => connection.DisposeAsync();

    /// <summary>Reads the answer to WitnessrAsyncNotify.</summary>
    public static WitnessTestNotification ReadNotification(byte[] stub)
    {
        var reader = new NdrReader(stub);
        if (!reader.ReadPointer())
        {
            return new WitnessTestNotification(ReadLast(ref reader));
        }

        var type = reader.ReadUInt32();
        var length = reader.ReadUInt32();
        var count = reader.ReadUInt32();
        Require(reader.ReadPointer(), "there is no buffer");
        Require(reader.ReadUInt32() == length, "two lengths differ");
        var message = reader.ReadBytes((int)length);
        reader.Align(4);
        var notification = new WitnessTestNotification(ReadLast(ref reader)) { Type = type };
        return type == 1
            ? notification with { Changes = ReadChanges(message, count) }
            : notification with { Addresses = ReadAddresses(message, count) };
    }

    private async Task<byte[]> CallAsync(ushort opnum, Action<NdrWriter> write)
    {
        var answer = await connection.CallAsync(opnum, write);
        return answer.Fault == RpcStatus.Ok ? answer.Stub : throw new RpcTestFaultException(answer.Fault);
    }

    private static (uint Status, IReadOnlyList<WitnessTestInterface> Interfaces) ReadInterfaces(byte[] stub)
    {
        var reader = new NdrReader(stub);
        var interfaces = new List<WitnessTestInterface>();
        if (reader.ReadPointer())
        {
            var count = reader.ReadUInt32();
            Require(reader.ReadPointer() && reader.ReadUInt32() == count, "the counts of interfaces differ");
            for (var i = 0; i < count; i++)
            {
                var name = MemoryMarshal.Cast<byte, char>(reader.ReadBytes(520)).ToString();
                var version = reader.ReadUInt32();
                var state = reader.ReadUInt16();
                reader.Align(4);
                interfaces.Add(new WitnessTestInterface(
                    name[..name.IndexOf('\0', StringComparison.Ordinal)],
                    version,
                    state,
                    new IPAddress(reader.ReadBytes(4)),
                    new IPAddress(reader.ReadBytes(16)),
                    reader.ReadUInt32()));
            }
        }

        return (ReadLast(ref reader), interfaces);
    }

    private static List<(string Resource, uint State)> ReadChanges(ReadOnlySpan<byte> message, uint count)
    {
        var changes = new List<(string, uint)>();
        for (var i = 0; i < count; i++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(message);
            var name = MemoryMarshal.Cast<byte, char>(message[8..length]);
            Require(name[^1] == '\0', "a name has no end");
            changes.Add((name[..^1].ToString(), BinaryPrimitives.ReadUInt32LittleEndian(message[4..])));
            message = message[length..];
        }

        Require(message.IsEmpty, "bytes are left");
        return changes;
    }

    private static List<(IPAddress Address, uint Flags)> ReadAddresses(ReadOnlySpan<byte> message, uint count)
    {
        Require(count == 1 && BinaryPrimitives.ReadInt32LittleEndian(message) == message.Length, "it is not one list");
        var addresses = new List<(IPAddress, uint)>();
        var instances = BinaryPrimitives.ReadInt32LittleEndian(message[8..]);
        message = message[12..];
        for (var i = 0; i < instances; i++)
        {
            var flags = BinaryPrimitives.ReadUInt32LittleEndian(message);
            addresses.Add((new IPAddress((flags & 1) != 0 ? message.Slice(4, 4) : message.Slice(8, 16)), flags));
            message = message[24..];
        }

        Require(message.IsEmpty, "bytes are left");
        return addresses;
    }

    private static (uint Status, Guid Handle) ReadHandleAndStatus(byte[] stub)
    {
        var reader = new NdrReader(stub);
        var handle = RpcHandleScope.Read(ref reader);
        return (ReadLast(ref reader), handle);
    }

    private static uint ReadLast(ref NdrReader reader)
    {
        var value = reader.ReadUInt32();
        Require(!reader.Failed && reader.Remaining == 0, "the answer has another length");
        return value;
    }

    private static void WriteText(NdrWriter stub, string? text)
    {
        stub.WritePointer(text is not null);
        if (text is not null)
        {
            stub.WriteString(text);
        }
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new InvalidDataException(otherwise);
        }
    }
}
