using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Nt;

/// <summary>
/// What counts as one peer wherever peers are counted: an IPv4 address, or the /64 of an IPv6 address, which one host has to itself and
/// from which it can take as many addresses as it likes (RFC 7934). Link-local addresses share one /64, so each of them counts by itself.
/// </summary>
internal readonly record struct ClientNetwork
{
    private const int MappedPrefixLength = 96;

    private readonly UInt128 _bits;

    private ClientNetwork(UInt128 bits, int prefixLength)
    {
        _bits = bits;
        PrefixLength = prefixLength;
    }

    /// <summary>How many bits of the address count: 32 of an IPv4 address, 64 or all 128 of an IPv6 address.</summary>
    public int PrefixLength { get; }

    private bool IsIPv4 => PrefixLength == 32;

    /// <summary>The network of an address. An IPv4 address is the same whether it came over an IPv4 or a dual-mode socket.</summary>
    public static ClientNetwork Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily != AddressFamily.InterNetworkV6 || address.IsIPv4MappedToIPv6)
        {
            (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryWriteBytes(bytes, out _);
            return new ClientNetwork(BinaryPrimitives.ReadUInt32BigEndian(bytes), 32);
        }

        address.TryWriteBytes(bytes, out _);
        var bits = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return address.IsIPv6LinkLocal || IPAddress.IsLoopback(address)
            ? new ClientNetwork(bits, 128)
            : new ClientNetwork(bits >> 64 << 64, 64);
    }

    /// <summary>As it is written: <c>192.0.2.1</c>, <c>2001:db8::/64</c>.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _bits);
        return IsIPv4
            ? new IPAddress(bytes[(MappedPrefixLength / 8)..]).ToString()
            : PrefixLength == 128 ? new IPAddress(bytes).ToString() : $"{new IPAddress(bytes)}/{PrefixLength}";
    }
}
