using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;

namespace Smb3.Embedded.Hosting.Interfaces;

/// <summary>Reads the network interfaces of this machine as they are now.</summary>
internal static class SystemLinks
{
    /// <summary>The speed assumed for an interface that does not report one: 1 Gbit/s.</summary>
    private const ulong UnknownSpeed = 1_000_000_000;

    private static readonly string[] InternalNames =
    [
        "docker", "veth", "virbr", "vnet", "cni", "flannel", "cali", "podman", "lxc", "lxd", "br-",
        "vEthernet (WSL", "vEthernet (Default Switch)", "vEthernet (nat)",
    ];

    public static List<NetworkLink> Read()
    {
        var unusable = OperatingSystem.IsLinux() ? LinuxLink.UnusableAddresses() : [];
        var links = new List<NetworkLink>();
        foreach (var candidate in NetworkInterface.GetAllNetworkInterfaces())
        {
            var properties = candidate.GetIPProperties();
            var isLinux = OperatingSystem.IsLinux();
            links.Add(new NetworkLink(
                candidate.Name,
                IndexOf(properties),
                candidate.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown,
                candidate.NetworkInterfaceType == NetworkInterfaceType.Loopback,
                InternalNames.Any(name => candidate.Name.StartsWith(name, StringComparison.Ordinal))
                    || (isLinux && new LinuxLink(candidate.Name).IsInternalBridge),
                SpeedOf(candidate),
                isLinux && new LinuxLink(candidate.Name).HasRss(),
                [.. properties.UnicastAddresses.Select(unicast => unicast.Address).Where(address => !unusable.Contains(address))]));
        }

        return links;
    }

    private static uint IndexOf(IPInterfaceProperties properties)
    {
        try
        {
            return (uint)properties.GetIPv4Properties().Index;
        }
        catch (NetworkInformationException)
        {
            // It has no IPv4.
        }

        try
        {
            return (uint)properties.GetIPv6Properties().Index;
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

    /// <summary>What Linux says about an interface beyond what the framework reads.</summary>
    private readonly struct LinuxLink(string name)
    {
        private const int DeepestStack = 4;
        private const int Deprecated = 0x20, Tentative = 0x40, Duplicate = 0x08; // IFA_F_*, linux/if_addr.h

        private readonly string _folder = "/sys/class/net/" + name;

        /// <summary>A bridge without hardware connects only containers or virtual machines: no other client can use it.</summary>
        public bool IsInternalBridge =>
            Directory.Exists(_folder + "/bridge")
            && !Names(_folder + "/brif", "*").Any(port => new LinuxLink(port).HasHardware(DeepestStack));

        /// <summary>
        /// Receive-side scaling: hardware (or a paravirtual device) with more than one receive queue. An interface stacked on others, such
        /// as a bond or a VLAN, has it when all of them do; the queues of a pure software interface exist in name only.
        /// </summary>
        public bool HasRss(int depth = DeepestStack)
        {
            if (Directory.Exists(_folder + "/device"))
            {
                return Names(_folder + "/queues", "rx-*").Length > 1;
            }

            var lower = Lower();
            return depth > 0 && lower.Length > 0 && lower.All(link => new LinuxLink(link).HasRss(depth - 1));
        }

        /// <summary>IPv6 addresses that are not, or no longer, to be used for new connections.</summary>
        public static HashSet<IPAddress> UnusableAddresses()
        {
            var found = new HashSet<IPAddress>();
            try
            {
                foreach (var line in File.ReadLines("/proc/net/if_inet6"))
                {
                    // address, interface, prefix length, scope, flags, name
                    var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                    if (words.Length >= 5
                        && words[0].Length == 32
                        && int.TryParse(words[4], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var flags)
                        && (flags & (Deprecated | Tentative | Duplicate)) != 0)
                    {
                        found.Add(new IPAddress(Convert.FromHexString(words[0])));
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                // No IPv6 here.
            }

            return found;
        }

        private bool HasHardware(int depth) =>
            Directory.Exists(_folder + "/device")
            || (depth > 0 && Lower().Any(link => new LinuxLink(link).HasHardware(depth - 1)));

        private string[] Lower() => [.. Names(_folder, "lower_*").Select(entry => entry["lower_".Length..])];

        private static string[] Names(string folder, string pattern)
        {
            try
            {
                return [.. Directory.EnumerateFileSystemEntries(folder, pattern).Select(path => Path.GetFileName(path))];
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return [];
            }
        }
    }
}
