using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting;

/// <summary>
/// Finds the addresses that clients can use for further channels: those that are listened on, of interfaces that are up. Looked up at
/// each question, so that what changes while the server runs is seen. Left out are link-local addresses, the bridges of
/// container engines, and the loopback unless it is listened on by name.
/// </summary>
internal static class InterfaceScan
{
    /// <summary>What an interface that does not tell its speed is taken for: 1 Gbit/s.</summary>
    private const ulong UnknownSpeed = 1_000_000_000;

    private static readonly string[] ContainerPrefixes = ["docker", "veth", "virbr", "cni", "flannel", "cali", "podman", "lxc", "br-"];

    public static IReadOnlyList<ServerInterface> Find(IReadOnlyList<EndPoint> listening)
    {
        var found = new List<ServerInterface>();
        foreach (var candidate in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (candidate.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown)
                || ContainerPrefixes.Any(prefix => candidate.Name.StartsWith(prefix, StringComparison.Ordinal)))
            {
                continue;
            }

            var properties = candidate.GetIPProperties();
            foreach (var unicast in properties.UnicastAddresses)
            {
                if (IsListenedOn(unicast.Address, listening))
                {
                    found.Add(new ServerInterface(
                        IndexOf(properties, unicast.Address), unicast.Address, SpeedOf(candidate), HasRss(candidate)));
                }
            }
        }

        return found;
    }

    private static bool IsListenedOn(IPAddress address, IReadOnlyList<EndPoint> listening)
    {
        if (address.IsIPv6LinkLocal)
        {
            return false;
        }

        foreach (var endPoint in listening)
        {
            if (endPoint is not IPEndPoint { Address: var at })
            {
                continue;
            }

            if (at.Equals(address))
            {
                return true;
            }

            // The dual-stack wildcard takes IPv4 too.
            var all = at.Equals(IPAddress.IPv6Any) || (at.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork);
            if (all && !IPAddress.IsLoopback(address))
            {
                return true;
            }
        }

        return false;
    }

    private static uint IndexOf(IPInterfaceProperties properties, IPAddress address)
    {
        try
        {
            return address.AddressFamily == AddressFamily.InterNetwork
                ? (uint)properties.GetIPv4Properties().Index
                : (uint)properties.GetIPv6Properties().Index;
        }
        catch (NetworkInformationException)
        {
            return 0;
        }
    }

    private static ulong SpeedOf(NetworkInterface candidate)
    {
        try
        {
            return candidate.Speed > 0 ? (ulong)candidate.Speed : UnknownSpeed;
        }
        catch (Exception e) when (e is PlatformNotSupportedException or NetworkInformationException)
        {
            return UnknownSpeed;
        }
    }

    /// <summary>Linux shows the receive queues; a link with more than one spreads its connections.</summary>
    private static bool HasRss(NetworkInterface candidate)
    {
        var queues = $"/sys/class/net/{candidate.Name}/queues";
        try
        {
            return OperatingSystem.IsLinux() && Directory.Exists(queues) && Directory.GetDirectories(queues, "rx-*").Length > 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
