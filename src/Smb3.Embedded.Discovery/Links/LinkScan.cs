using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Smb3.Embedded.Discovery.Links;

/// <summary>
/// Finds the links that a server is to be announced on: those by which it tells clients to reach it, unless others are named. Only addresses
/// that it listens on are told.
/// </summary>
internal static class LinkScan
{
    /// <summary>The port that clients expect.</summary>
    private const int UsualPort = 445;

    /// <summary>Whether nobody else than this machine reaches the server by TCP.</summary>
    public static bool IsLocal(IReadOnlyList<EndPoint> endPoints) => Listening(endPoints).All(static endPoint => IPAddress.IsLoopback(endPoint.Address));

    public static List<Link> Find(SmbServer server, LinkFilter filter)
    {
        var listening = Listening(server.EndPoints);
        var reachable = server.Interfaces.Select(static one => one.Address).ToHashSet();
        var links = new List<Link>();
        foreach (var candidate in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (candidate.NetworkInterfaceType == NetworkInterfaceType.Loopback || !candidate.SupportsMulticast
                || candidate.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
            {
                continue;
            }

            var properties = candidate.GetIPProperties();
            (IPAddress Address, int PrefixLength)[] networks =
                [.. properties.UnicastAddresses.Select(static unicast => (unicast.Address, unicast.PrefixLength))];
            if (filter.Takes(candidate.Name, networks.Select(static network => network.Address))
                && Choose(networks, listening, filter.NamesSome ? null : reachable) is { Addresses.Length: > 0 } chosen
                && IndexOf(properties) is > 0 and var index)
            {
                links.Add(new Link(index, candidate.Name, networks, chosen.Port, chosen.Addresses));
            }
        }

        return links;
    }

    /// <summary>The port to tell, of those that are listened on at these addresses, and the addresses where it is.</summary>
    /// <param name="networks">The addresses of an interface.</param>
    /// <param name="listening">Where the server listens.</param>
    /// <param name="reachable">Addresses of which at least one must be among those; null: it need not.</param>
    internal static (int Port, IPAddress[] Addresses) Choose(
        IReadOnlyList<(IPAddress Address, int PrefixLength)> networks, IReadOnlyList<IPEndPoint> listening, IReadOnlySet<IPAddress>? reachable)
    {
        if (reachable is not null && !networks.Any(network => reachable.Contains(network.Address)))
        {
            return default;
        }

        // Where the server says by which addresses it is reached, those of other kinds (such as outdated ones) are not told.
        var told = networks.Select(static network => network.Address)
            .Where(address => reachable is null || reachable.Contains(address) || address.IsIPv6LinkLocal || Link.IsAutomatic(address)).ToArray();
        var found = listening.Select(endPoint => endPoint.Port).Distinct().OrderByDescending(static port => port == UsualPort)
            .Select(port => (Port: port, Addresses: told.Where(address => listening.Any(endPoint => endPoint.Port == port && Accepts(endPoint.Address, address))).ToArray()))
            .FirstOrDefault(static one => one.Addresses.Length > 0);
        return found.Addresses is null ? default : found;
    }

    private static IPEndPoint[] Listening(IReadOnlyList<EndPoint> endPoints) =>
        [.. endPoints.OfType<IPEndPoint>().Where(static endPoint => endPoint is not SmbRdmaEndPoint)];

    /// <summary>The wildcard of IPv6 accepts IPv4 too.</summary>
    private static bool Accepts(IPAddress listening, IPAddress address) =>
        listening.Equals(address) || listening.Equals(IPAddress.IPv6Any)
        || (listening.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork);

    private static int IndexOf(IPInterfaceProperties properties)
    {
        try
        {
            return properties.GetIPv4Properties().Index;
        }
        catch (NetworkInformationException)
        {
            // It has no IPv4.
        }

        try
        {
            return properties.GetIPv6Properties().Index;
        }
        catch (NetworkInformationException)
        {
            return 0;
        }
    }
}
