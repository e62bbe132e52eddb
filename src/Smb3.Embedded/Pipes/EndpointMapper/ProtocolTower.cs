using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes.EndpointMapper;

/// <summary>
/// A protocol tower (C706 appendix L, MS-RPCE 2.2.1.2.1): the number of floors (2 bytes), and of each floor the length (2) of its protocol
/// identifier, the identifier, the length (2) of its related data, the data. Everything little-endian, except the port and the address.
/// </summary>
/// <param name="Interface">Floor 1: the interface.</param>
/// <param name="Transfer">Floor 2: how parameters are marshalled.</param>
internal readonly record struct ProtocolTower(RpcSyntax Interface, RpcSyntax Transfer)
{
    /// <summary>The longest tower that is read.</summary>
    public const int MaxLength = 1024;

    private const byte UuidProtocol = 0x0D;
    private const byte ConnectionOriented = 0x0B;
    private const byte TcpProtocol = 0x07;
    private const byte IPProtocol = 0x09;
    private const int UuidFloor = 1 + 16 + 2;

    /// <summary>Whether its floors 3 and 4 ask for DCE/RPC over TCP.</summary>
    public bool IsTcp { get; private init; }

    /// <summary>Reads a tower; false when it is not one.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out ProtocolTower tower)
    {
        tower = default;
        if (source.Length is < 2 or > MaxLength)
        {
            return false;
        }

        var floors = BinaryPrimitives.ReadUInt16LittleEndian(source);
        var rest = source[2..];
        RpcSyntax first = default, second = default;
        bool isConnection = false, isTcp = false;
        for (var i = 0; i < floors; i++)
        {
            if (!TryTake(ref rest, out var left) || !TryTake(ref rest, out var right))
            {
                return false;
            }

            switch (i)
            {
                case 0 when TryReadSyntax(left, right, out first):
                case 1 when TryReadSyntax(left, right, out second):
                    break;
                case 0 or 1:
                    return false;
                case 2:
                    isConnection = left is [ConnectionOriented];
                    break;
                case 3:
                    isTcp = left is [TcpProtocol];
                    break;
            }
        }

        tower = new ProtocolTower(first, second) { IsTcp = isConnection && isTcp };
        return floors >= 3;
    }

    /// <summary>The tower of an interface at a port.</summary>
    public static byte[] Write(RpcSyntax served, IPAddress address, int port)
    {
        // IPv6 has no floor of its own: the address is zero then, and the client keeps the one that it has.
        Span<byte> ip = stackalloc byte[4];
        ip.Clear();
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            address.TryWriteBytes(ip, out _);
        }

        var tower = new byte[2 + (2 * (2 + UuidFloor + 2 + 2)) + (2 + 1 + 2 + 2) + (2 + 1 + 2 + 2) + (2 + 1 + 2 + 4)];
        BinaryPrimitives.WriteUInt16LittleEndian(tower, 5);
        var rest = tower.AsSpan(2);
        PutSyntax(ref rest, served);
        PutSyntax(ref rest, RpcSyntax.Ndr);
        Put(ref rest, [ConnectionOriented], [0, 0]);
        Put(ref rest, [TcpProtocol], [(byte)(port >> 8), (byte)port]);
        Put(ref rest, [IPProtocol], ip);
        return tower;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> part)
    {
        part = default;
        if (rest.Length < 2 || BinaryPrimitives.ReadUInt16LittleEndian(rest) is var length && length > rest.Length - 2)
        {
            return false;
        }

        part = rest.Slice(2, length);
        rest = rest[(2 + length)..];
        return true;
    }

    private static bool TryReadSyntax(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, out RpcSyntax syntax)
    {
        syntax = default;
        if (left.Length != UuidFloor || left[0] != UuidProtocol || right.Length != 2)
        {
            return false;
        }

        syntax = new RpcSyntax(
            new Guid(left.Slice(1, 16)),
            BinaryPrimitives.ReadUInt16LittleEndian(left[17..]),
            BinaryPrimitives.ReadUInt16LittleEndian(right));
        return true;
    }

    private static void PutSyntax(ref Span<byte> rest, RpcSyntax syntax)
    {
        Span<byte> left = stackalloc byte[UuidFloor];
        Span<byte> right = stackalloc byte[2];
        left[0] = UuidProtocol;
        syntax.Uuid.TryWriteBytes(left[1..]);
        BinaryPrimitives.WriteUInt16LittleEndian(left[17..], syntax.Major);
        BinaryPrimitives.WriteUInt16LittleEndian(right, syntax.Minor);
        Put(ref rest, left, right);
    }

    private static void Put(ref Span<byte> rest, scoped ReadOnlySpan<byte> left, scoped ReadOnlySpan<byte> right)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)left.Length);
        left.CopyTo(rest[2..]);
        rest = rest[(2 + left.Length)..];
        BinaryPrimitives.WriteUInt16LittleEndian(rest, (ushort)right.Length);
        right.CopyTo(rest[2..]);
        rest = rest[(2 + right.Length)..];
    }
}
