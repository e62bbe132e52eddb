using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>Capability of a network interface (MS-SMB2 2.2.32.5).</summary>
[Flags]
internal enum NetworkInterfaceCapabilities : uint
{
    None = 0,
    Rss = 0x00000001,
    Rdma = 0x00000002,
}

/// <summary>
/// NETWORK_INTERFACE_INFO response (MS-SMB2 2.2.32.5): Next (4), IfIndex (4), Capability (4), Reserved (4), LinkSpeed (8),
/// SockAddr_Storage (128). An address family with IPv4: Family 2, Port (2), address (4); with IPv6: Family 23, Port (2),
/// FlowInfo (4), address (16), ScopeId (4) (MS-SMB2 2.2.32.5.1.1 and .2).
/// </summary>
internal static class NetworkInterfaceInfo
{
    public const int EntrySize = 152;

    private const int Address = 24;
    private const ushort InterNetwork = 0x0002;
    private const ushort InterNetworkV6 = 0x0017;

    /// <summary>Writes one entry; <paramref name="linkSpeed"/> is in bits per second.</summary>
    public static void Write(
        Span<byte> entry,
        uint interfaceIndex,
        NetworkInterfaceCapabilities capabilities,
        ulong linkSpeed,
        IPAddress address,
        bool isLast)
    {
        entry[..EntrySize].Clear();
        entry.Put(0, isLast ? 0u : EntrySize);
        entry.Put(4, interfaceIndex);
        entry.Put(8, (uint)capabilities);
        entry.Put(16, linkSpeed);
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            entry.Put(Address, InterNetworkV6);
            address.TryWriteBytes(entry[(Address + 8)..], out _);
        }
        else
        {
            entry.Put(Address, InterNetwork);
            address.TryWriteBytes(entry[(Address + 4)..], out _);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote at the start of <paramref name="entry"/>; null for another address family.</summary>
    public static IPAddress? ReadAddress(ReadOnlySpan<byte> entry) => entry.UInt16(Address) switch
    {
        InterNetwork => new IPAddress(entry.Slice(Address + 4, 4)),
        InterNetworkV6 => new IPAddress(entry.Slice(Address + 8, 16)),
        _ => null,
    };
}
