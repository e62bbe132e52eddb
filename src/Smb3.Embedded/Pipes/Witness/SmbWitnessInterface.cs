using System.Net;
using System.Net.Sockets;

namespace Smb3.Embedded;

/// <summary>Whether clients can use an address or a resource (MS-SWN 2.2.2.3).</summary>
public enum SmbWitnessState
{
    /// <summary>Not known.</summary>
    Unknown = 0,

    /// <summary>It can be used.</summary>
    Available = 1,

    /// <summary>It cannot be used.</summary>
    Unavailable = 0xFF,
}

/// <summary>An address of the cluster, as clients of the witness service are told (MS-SWN 2.2.2.5).</summary>
public sealed record SmbWitnessInterface
{
    /// <summary>An address.</summary>
    /// <param name="group">The interface group: the node that has the address. 1 to 259 characters.</param>
    /// <param name="address">The address; another one, of the other family, can be added.</param>
    /// <exception cref="ArgumentException">The name is empty or too long.</exception>
    public SmbWitnessInterface(string group, IPAddress address)
    {
        ArgumentException.ThrowIfNullOrEmpty(group);
        ArgumentNullException.ThrowIfNull(address);
        if (group.Length > MaxGroup)
        {
            throw new ArgumentException($"'{group}' is longer than {MaxGroup} characters.", nameof(group));
        }

        Group = group;
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
        {
            IPv6 = address;
        }
        else
        {
            IPv4 = address.MapToIPv4();
        }
    }

    /// <summary>The node that has the address.</summary>
    public string Group { get; }

    /// <summary>The IPv4 address.</summary>
    public IPAddress? IPv4 { get; init; }

    /// <summary>The IPv6 address.</summary>
    public IPAddress? IPv6 { get; init; }

    /// <summary>Whether clients can use it. Default: available.</summary>
    public SmbWitnessState State { get; init; } = SmbWitnessState.Available;

    /// <summary>
    /// Whether it is an address of this server itself. Clients register with the others, because who watches over an address must not be
    /// lost together with it. Default: no.
    /// </summary>
    public bool IsLocal { get; init; }

    /// <summary>The longest name of a group, which the protocol ends with a zero.</summary>
    internal const int MaxGroup = 259;

    /// <summary>Whether this is one of its addresses.</summary>
    internal bool Has(IPAddress address) => address.Equals(IPv4) || address.Equals(IPv6);

    /// <summary>Its addresses.</summary>
    internal IEnumerable<IPAddress> Addresses => new[] { IPv4, IPv6 }.OfType<IPAddress>();
}
