using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Transport.Rdma.Verbs;

namespace Smb3.Embedded.Hosting.Interfaces;

/// <summary>
/// Finds the addresses that clients can use for further channels: the fixed list if there is one, otherwise the addresses listened on, of
/// interfaces that are up. They are looked up on demand, so that changes while the server runs are seen, but not more than once a second.
/// Left out are link-local addresses, the bridges of containers and virtual machines, and the loopback unless it is listened on by name.
/// An address that is reached by TCP and by RDMA is told twice, as Windows does: Linux' client takes an entry that can do RDMA for nothing
/// else (MS-SMB2 2.2.32.5).
/// </summary>
internal sealed class InterfaceScan(
    InterfaceFilter filter,
    IReadOnlyList<SmbInterface> advertised,
    TimeProvider time,
    Func<IReadOnlyList<NetworkLink>>? read = null,
    Func<IPAddress, bool>? hasRdma = null)
{
    /// <summary>The first number given to interfaces that have none: the system's own do not go this high.</summary>
    private const uint FirstOwnIndex = 1 << 24;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Func<IReadOnlyList<NetworkLink>> _read = read ?? SystemLinks.Read;
    private readonly Func<IPAddress, bool> _hasRdma = hasRdma ?? VerbsAddresses.Has;
    private readonly Lock _sync = new();
    private IReadOnlyList<ServerInterface>? _found;
    private long _foundAt;

    public IReadOnlyList<ServerInterface> Find(IReadOnlyList<EndPoint> listening)
    {
        lock (_sync)
        {
            if (_found is null || time.GetElapsedTime(_foundAt) >= Fresh)
            {
                _found = advertised.Count > 0 ? Advertise() : Choose(listening);
                _foundAt = time.GetTimestamp();
            }

            return _found;
        }
    }

    private List<ServerInterface> Advertise()
    {
        var links = _read();
        var found = new List<ServerInterface>(advertised.Count);
        foreach (var entry in advertised)
        {
            var index = entry.Index > 0
                ? (uint)entry.Index
                : links.FirstOrDefault(link => link.Addresses.Contains(entry.Address))?.Index ?? FirstOwnIndex + (uint)found.Count;
            found.Add(new ServerInterface(index, entry.Address, (ulong)entry.LinkSpeed, entry.Rss, entry.Rdma));
        }

        return found;
    }

    private List<ServerInterface> Choose(IReadOnlyList<EndPoint> listening)
    {
        var found = new List<ServerInterface>();
        var byRdma = listening.Where(endPoint => endPoint is SmbRdmaEndPoint).ToArray();
        var byTcp = listening.Where(endPoint => endPoint is not SmbRdmaEndPoint).ToArray();
        foreach (var link in _read().Where(link => link.IsUp))
        {
            // All of 127.0.0.0/8 can be reached, although the interface shows only one address of it.
            var others = link.IsLoopback
                ? listening.OfType<IPEndPoint>().Select(endPoint => endPoint.Address)
                    .Where(address => address.AddressFamily == AddressFamily.InterNetwork && IPAddress.IsLoopback(address))
                : [];
            foreach (var address in link.Addresses.Concat(others).Distinct())
            {
                if (!filter.Takes(link, address))
                {
                    continue;
                }

                if (IsReachable(address, byTcp))
                {
                    found.Add(new ServerInterface(link.Index, address, link.LinkSpeed, link.Rss));
                }

                if (IsReachable(address, byRdma) && _hasRdma(address))
                {
                    found.Add(new ServerInterface(link.Index, address, link.LinkSpeed, Rss: false, Rdma: true));
                }
            }
        }

        return found;
    }

    private static bool IsReachable(IPAddress address, IReadOnlyList<EndPoint> listening)
    {
        if (IsLinkLocal(address))
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

            // The dual-stack wildcard accepts IPv4 too.
            var all = at.Equals(IPAddress.IPv6Any) || (at.Equals(IPAddress.Any) && address.AddressFamily == AddressFamily.InterNetwork);
            if (all && !IPAddress.IsLoopback(address))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLinkLocal(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6
            ? address.IsIPv6LinkLocal
            : address.GetAddressBytes() is [169, 254, ..];
}
