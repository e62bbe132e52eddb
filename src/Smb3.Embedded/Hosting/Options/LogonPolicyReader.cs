using System.Net;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>What policies of logons are made of.</summary>
internal static class LogonPolicyReader
{
    /// <summary>The mechanisms that there are.</summary>
    public static string[] Mechanisms { get; } = ["Kerberos", "NTLM"];

    /// <summary>A network, or the network of one address; null for anything else.</summary>
    public static IPNetwork? ParseNetwork(string text) => IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8) : null;

    /// <summary>What is wrong with a policy.</summary>
    public static IEnumerable<string> Check(SmbLogonPolicy policy)
    {
        foreach (var text in policy.Networks)
        {
            if (ParseNetwork(text) is null)
            {
                yield return $"Networks: '{text}' is neither an address nor a network such as 192.0.2.0/24.";
            }
        }

        foreach (var text in policy.Mechanisms.Where(text => !Mechanisms.Contains(text, StringComparer.OrdinalIgnoreCase)))
        {
            yield return $"Mechanisms: '{text}' is none; there are {string.Join(", ", Mechanisms)}.";
        }

        if (policy.Mechanisms.Count == 0 && !policy.RequireEncryption)
        {
            yield return "it demands nothing; set Mechanisms or RequireEncryption.";
        }
    }
}
