using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Discovery.Dns;

/// <summary>A record of class IN that this responder tells others.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="Type">What it says.</param>
/// <param name="IsUnique">Whether nobody else may have records of this name and type (RFC 6762 2); otherwise it is shared.</param>
/// <param name="TimeToLive">Seconds that others may believe it.</param>
/// <param name="Prefix">Its data, up to the name at its end if it has one.</param>
/// <param name="Target">The name at the end of the data.</param>
internal sealed record DnsRecord(DnsName Name, DnsType Type, bool IsUnique, uint TimeToLive, ReadOnlyMemory<byte> Prefix, DnsName? Target)
{
    /// <summary>RFC 6762 10: 120 seconds for what depends on a host's name or address, 75 minutes for the rest.</summary>
    public const uint HostTime = 120, OtherTime = 4500;

    /// <summary>All of the data, without compression: what is compared (RFC 6762 8.2.1).</summary>
    public ReadOnlyMemory<byte> Data { get; } = Target is null ? Prefix : (byte[])[.. Prefix.Span, .. Target.Wire];

    public static DnsRecord Pointer(DnsName name, DnsName target) => new(name, DnsType.Ptr, IsUnique: false, OtherTime, default, target);

    public static DnsRecord Service(DnsName name, int port, DnsName host)
    {
        var prefix = new byte[6]; // priority and weight are 0 (RFC 2782)
        BinaryPrimitives.WriteUInt16BigEndian(prefix.AsSpan(4), (ushort)port);
        return new DnsRecord(name, DnsType.Srv, IsUnique: true, HostTime, prefix, host);
    }

    /// <summary>Strings of at most 255 bytes each; one that is empty stands for none (RFC 6763 6.1).</summary>
    public static DnsRecord Text(DnsName name, params IEnumerable<string> strings)
    {
        var data = new List<byte>();
        foreach (var one in strings)
        {
            var text = System.Text.Encoding.UTF8.GetBytes(one);
            data.Add((byte)text.Length);
            data.AddRange(text.AsSpan(0, (byte)text.Length));
        }

        return new DnsRecord(name, DnsType.Txt, IsUnique: true, OtherTime, data.Count > 0 ? data.ToArray() : new byte[1], null);
    }

    public static DnsRecord Address(DnsName name, IPAddress address)
    {
        var type = address.AddressFamily == AddressFamily.InterNetwork ? DnsType.A : DnsType.Aaaa;
        return new DnsRecord(name, type, IsUnique: true, HostTime, address.GetAddressBytes(), null);
    }

    /// <summary>Says that a name has records of these types and no others (RFC 6762 6.1).</summary>
    public static DnsRecord NoOthers(DnsName name, IEnumerable<DnsType> types, uint timeToLive)
    {
        var bits = new byte[32];
        var length = 0;
        foreach (var type in types)
        {
            var number = (int)type;
            bits[number / 8] |= (byte)(0x80 >> (number % 8));
            length = Math.Max(length, (number / 8) + 1);
        }

        return new DnsRecord(
            name, DnsType.Nsec, IsUnique: true, timeToLive, (byte[])[.. name.Wire, 0, (byte)length, .. bits.AsSpan(0, length)], null);
    }

    /// <summary>Whether a record of another has the same data; names in it are the same in any case.</summary>
    public bool HasData(ReadOnlySpan<byte> data) =>
        data.Length == Data.Length
        && data[..Prefix.Length].SequenceEqual(Prefix.Span)
        && DnsName.AreEqual(data[Prefix.Length..], Data.Span[Prefix.Length..]);

    public bool IsSame(DnsRecord other) => Type == other.Type && Name.Equals(other.Name) && HasData(other.Data.Span);
}
