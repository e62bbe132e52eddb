using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Smb3.Embedded.Rpc.Ndr;

namespace Smb3.Embedded.Pipes.Witness;

/// <summary>Writes the structures of MS-SWN 2.2.2.</summary>
internal static class WitnessWriter
{
    private const int GroupNameChars = SmbWitnessInterface.MaxGroup + 1;
    private const uint HasIPv4 = 1;
    private const uint HasIPv6 = 2;
    private const uint ForRegistration = 4;

    /// <summary>A pointer to a WITNESS_INTERFACE_LIST (MS-SWN 2.2.2.6).</summary>
    public static void WriteInterfaces(NdrWriter output, IReadOnlyList<SmbWitnessInterface> interfaces)
    {
        output.WritePointer();
        output.WriteUInt32((uint)interfaces.Count);
        output.WritePointer();
        output.WriteUInt32((uint)interfaces.Count);
        Span<byte> name = stackalloc byte[GroupNameChars * sizeof(char)];
        Span<byte> address = stackalloc byte[16];
        foreach (var one in interfaces)
        {
            name.Clear();
            MemoryMarshal.AsBytes(one.Group.AsSpan(0, Math.Min(one.Group.Length, SmbWitnessInterface.MaxGroup))).CopyTo(name);
            output.WriteBytes(name);
            output.WriteUInt32(WitnessService.Version2);
            output.WriteUInt16((ushort)one.State);
            output.Align(4);
            WriteAddress(output, one.IPv4, address[..4]);
            WriteAddress(output, one.IPv6, address);
            output.WriteUInt32(
                (one.IPv4 is null ? 0 : HasIPv4) | (one.IPv6 is null ? 0 : HasIPv6) | (one.IsLocal ? 0 : ForRegistration));
        }
    }

    /// <summary>A pointer to a RESP_ASYNC_NOTIFY (MS-SWN 2.2.2.4), with a RESOURCE_CHANGE for each change or one IPADDR_INFO_LIST.</summary>
    public static void WriteNotification(NdrWriter output, WitnessNotification notification)
    {
        var message = notification.Type == WitnessMessageType.ResourceChange ? Changes(notification) : Addresses(notification);
        output.WritePointer();
        output.WriteUInt32((uint)notification.Type);
        output.WriteUInt32((uint)message.Length);
        output.WriteUInt32(notification.Type == WitnessMessageType.ResourceChange ? (uint)notification.Changes.Count : 1);
        output.WritePointer();
        output.WriteUInt32((uint)message.Length);
        output.WriteBytes(message);
    }

    /// <summary>Each RESOURCE_CHANGE (MS-SWN 2.2.2.3): its length (4 bytes), the state (4), the name with its terminator.</summary>
    private static byte[] Changes(WitnessNotification notification)
    {
        var message = new byte[notification.Changes.Sum(change => LengthOf(change.Resource))];
        var rest = message.AsSpan();
        foreach (var (resource, state) in notification.Changes)
        {
            var length = LengthOf(resource);
            BinaryPrimitives.WriteInt32LittleEndian(rest, length);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], (uint)state);
            MemoryMarshal.AsBytes(resource.AsSpan()).CopyTo(rest[8..]);
            rest = rest[length..];
        }

        return message;
    }

    private static int LengthOf(string resource) => 8 + ((resource.Length + 1) * sizeof(char));

    /// <summary>
    /// IPADDR_INFO_LIST (MS-SWN 2.2.2.2): its length, zero, the number of addresses (4 bytes each); each IPADDR_INFO its flags (4), IPv4
    /// address (4) and IPv6 address (16).
    /// </summary>
    private static byte[] Addresses(WitnessNotification notification)
    {
        const int Header = 12, Entry = 24;
        var message = new byte[Header + (notification.Addresses.Count * Entry)];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteInt32LittleEndian(message.AsSpan(8), notification.Addresses.Count);
        var rest = message.AsSpan(Header);
        foreach (var (address, state) in notification.Addresses)
        {
            var isIPv6 = address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6;
            BinaryPrimitives.WriteUInt32LittleEndian(rest, (uint)(state | (isIPv6 ? WitnessAddressFlags.IPv6 : WitnessAddressFlags.IPv4)));
            _ = isIPv6 ? address.TryWriteBytes(rest[8..], out _) : address.MapToIPv4().TryWriteBytes(rest[4..], out _);
            rest = rest[Entry..];
        }

        return message;
    }

    /// <summary>In the order of the network; zero when there is none.</summary>
    private static void WriteAddress(NdrWriter output, IPAddress? address, Span<byte> bytes)
    {
        bytes.Clear();
        address?.TryWriteBytes(bytes, out _);
        output.WriteBytes(bytes);
    }
}
