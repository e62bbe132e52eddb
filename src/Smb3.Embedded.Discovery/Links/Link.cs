using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>A network interface that the server is announced on.</summary>
/// <param name="Index">The system's number for it.</param>
/// <param name="Name">The system's name for it.</param>
/// <param name="Networks">Its addresses with the length of their networks.</param>
/// <param name="Port">The port at which the server listens there.</param>
/// <param name="Addresses">Those of its addresses that the server listens on at this port.</param>
internal sealed record Link(
    int Index, string Name, IReadOnlyList<(IPAddress Address, int PrefixLength)> Networks, int Port, IReadOnlyList<IPAddress> Addresses)
{
    /// <summary>Whether it has an address of a family, so that something can be sent from there.</summary>
    public bool Has(AddressFamily family) => Networks.Any(network => network.Address.AddressFamily == family);

    /// <summary>Whether an address is on this link, rather than behind a router (RFC 6762 11).</summary>
    public bool IsOnLink(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6 ? address.IsIPv6LinkLocal : IsAutomatic(address))
        {
            return true;
        }

        foreach (var (own, length) in Networks)
        {
            if (own.AddressFamily == address.AddressFamily && Agree(own.GetAddressBytes(), address.GetAddressBytes(), length))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The addresses that are told: those that hold on this link alone only where there are no others of their kind.</summary>
    public IEnumerable<IPAddress> Told() =>
        from address in Addresses
        group address by address.AddressFamily into kind
        let wide = kind.Where(static one => !one.IsIPv6LinkLocal && !IsAutomatic(one)).ToArray()
        from address in wide.Length > 0 ? wide : [.. kind]
        select address;

    /// <summary>Whether two links are announced in the same way.</summary>
    public bool IsLike(Link other) =>
        Index == other.Index && Port == other.Port && Name == other.Name && Networks.SequenceEqual(other.Networks) && Addresses.SequenceEqual(other.Addresses);

    /// <summary>169.254.0.0/16 (RFC 3927).</summary>
    internal static bool IsAutomatic(IPAddress address) => address.GetAddressBytes() is [169, 254, _, _];

    private static bool Agree(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, int bits)
    {
        var whole = Math.Clamp(bits / 8, 0, one.Length);
        if (!one[..whole].SequenceEqual(other[..whole]))
        {
            return false;
        }

        var rest = bits - (whole * 8);
        return rest is <= 0 or >= 8 || whole == one.Length || ((one[whole] ^ other[whole]) >> (8 - rest)) == 0;
    }
}
