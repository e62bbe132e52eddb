using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Smb3.Embedded.Ldap;

/// <summary>Where a directory's server is.</summary>
/// <param name="Host">Its name or address.</param>
/// <param name="Port">Its port.</param>
/// <param name="IsTls">Whether the connection begins with TLS.</param>
internal sealed record LdapServer(string Host, int Port, bool IsTls)
{
    private const int PlainPort = 389;
    private const int TlsPort = 636;

    /// <summary>Whether it is this machine: what is said to it is on no wire.</summary>
    public bool IsLocal => Host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));

    public static bool TryParse(string text, [NotNullWhen(true)] out LdapServer? server)
    {
        server = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("ldap" or "ldaps") || uri.Host.Length == 0)
        {
            return false;
        }

        var isTls = uri.Scheme == "ldaps";
        server = new LdapServer(uri.Host.Trim('[', ']'), uri.Port > 0 ? uri.Port : isTls ? TlsPort : PlainPort, isTls);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(IsTls ? "ldaps" : "ldap")}://{Host}:{Port}");
}
