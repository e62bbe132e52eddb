using System.Net;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Sessions;

/// <summary>What a policy makes of a logon.</summary>
internal enum LogonDemand
{
    None,

    /// <summary>The session must be encrypted.</summary>
    Encryption,

    /// <summary>The user must log on with something else.</summary>
    OtherMechanism,
}

/// <summary>An end point of the server, or several.</summary>
/// <param name="Network">Its address; null: any.</param>
/// <param name="Port">Its port; null: any.</param>
internal sealed record LogonEndPoint(IPNetwork? Network, int? Port)
{
    public bool Contains(IPEndPoint local) => (Port is null || Port == local.Port) && (Network is null || LogonPolicy.IsIn(Network.Value, local.Address));
}

/// <summary>What some users, or all from some networks or at some end points, must do to log on.</summary>
/// <param name="Networks">Where clients are that it is about; empty: everywhere.</param>
/// <param name="EndPoints">Where they connect to; empty: anywhere.</param>
/// <param name="Users">Whom it is about by name.</param>
/// <param name="Groups">Whom it is about by group; both empty: everybody.</param>
/// <param name="Mechanisms">What they may log on with; empty: anything.</param>
/// <param name="RequireEncryption">Whether their sessions are encrypted.</param>
internal sealed record LogonPolicy(
    IReadOnlyList<IPNetwork> Networks,
    IReadOnlyList<LogonEndPoint> EndPoints,
    IReadOnlyList<string> Users,
    IReadOnlyList<string> Groups,
    IReadOnlyList<string> Mechanisms,
    bool RequireEncryption)
{
    /// <summary>The most that the policies that are about a logon demand of it.</summary>
    /// <param name="policies">All policies.</param>
    /// <param name="local">The server's end of the connection.</param>
    /// <param name="remote">The client's end.</param>
    /// <param name="token">Who it is.</param>
    public static LogonDemand Judge(IReadOnlyList<LogonPolicy> policies, EndPoint? local, EndPoint? remote, SecurityToken token)
    {
        var demand = LogonDemand.None;
        var (here, there) = (AsSeen(local), AsSeen(remote));
        foreach (var policy in policies)
        {
            if (!policy.IsAbout(here, there.Address, token))
            {
                continue;
            }

            if (policy.Mechanisms.Count > 0 && !policy.Mechanisms.Contains(token.Mechanism, StringComparer.OrdinalIgnoreCase))
            {
                return LogonDemand.OtherMechanism;
            }

            demand = policy.RequireEncryption ? LogonDemand.Encryption : demand;
        }

        return demand;
    }

    /// <summary>Whether an address is in a network of its own kind.</summary>
    public static bool IsIn(IPNetwork network, IPAddress address) =>
        network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address);

    /// <summary>An IPv4 client that a socket for both kinds has accepted has its own address.</summary>
    private static IPEndPoint AsSeen(EndPoint? end) => end is not IPEndPoint ip ? new IPEndPoint(IPAddress.None, 0)
        : ip.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(ip.Address.MapToIPv4(), ip.Port)
        : ip;

    private bool IsAbout(IPEndPoint local, IPAddress remote, SecurityToken token) =>
        (Networks.Count == 0 || Networks.Any(network => IsIn(network, remote)))
        && (EndPoints.Count == 0 || EndPoints.Any(one => one.Contains(local)))
        && ((Users.Count == 0 && Groups.Count == 0)
            || Users.Any(token.Identity.IsAccount)
            || Groups.Any(token.Identity.IsInGroup));
}
