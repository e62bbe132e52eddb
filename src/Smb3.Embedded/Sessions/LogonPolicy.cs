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

/// <summary>What some users, or all from some networks, must do to log on.</summary>
/// <param name="Networks">Where it is about; empty: everywhere.</param>
/// <param name="Users">Whom it is about by name.</param>
/// <param name="Groups">Whom it is about by group; both empty: everybody.</param>
/// <param name="Mechanisms">What they may log on with; empty: anything.</param>
/// <param name="RequireEncryption">Whether their sessions are encrypted.</param>
internal sealed record LogonPolicy(
    IReadOnlyList<IPNetwork> Networks,
    IReadOnlyList<string> Users,
    IReadOnlyList<string> Groups,
    IReadOnlyList<string> Mechanisms,
    bool RequireEncryption)
{
    /// <summary>The most that the policies that are about a logon demand of it.</summary>
    public static LogonDemand Judge(IReadOnlyList<LogonPolicy> policies, IPAddress remote, SecurityToken token)
    {
        var demand = LogonDemand.None;
        var address = remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
        foreach (var policy in policies)
        {
            if (!policy.IsAbout(address, token))
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

    private bool IsAbout(IPAddress address, SecurityToken token) =>
        (Networks.Count == 0 || Networks.Any(network => network.BaseAddress.AddressFamily == address.AddressFamily && network.Contains(address)))
        && ((Users.Count == 0 && Groups.Count == 0)
            || Users.Any(token.Identity.IsAccount)
            || Groups.Any(token.Identity.IsInGroup));
}
