using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>
/// Finds accounts as LSA does: among the well-known ones, in this machine's domain, then in what the host knows (MS-LSAT 3.1.4.5).
/// </summary>
internal sealed class AccountResolver(IPipeHost host)
{
    /// <summary>The account of a SID, or null.</summary>
    public async ValueTask<PipeAccount?> FindAsync(Sid sid, CancellationToken cancellation)
    {
        if (WellKnownAccounts.Find(sid) is { } wellKnown)
        {
            return wellKnown;
        }

        if (sid == host.MachineSid)
        {
            return Machine();
        }

        if (WellKnownAccounts.NoneOf(host) is var none && none.Sid == sid)
        {
            return none;
        }

        return await host.ResolveSidAsync(sid, cancellation).ConfigureAwait(false);
    }

    /// <summary>The account of <c>name</c>, <c>DOMAIN\name</c>, <c>name@domain</c> or a domain alone, or null.</summary>
    public async ValueTask<PipeAccount?> FindAsync(string text, CancellationToken cancellation)
    {
        var (domain, name) = Split(text);
        if (name.Length == 0)
        {
            (domain, name) = (null, domain ?? "");
        }

        if (name.Length == 0)
        {
            return null;
        }

        if (WellKnownAccounts.Find(domain, name) is { } wellKnown)
        {
            return wellKnown;
        }

        if (domain is null && name.Equals(host.ServerName, StringComparison.OrdinalIgnoreCase))
        {
            return Machine();
        }

        return await host.ResolveNameAsync(domain, name, cancellation).ConfigureAwait(false);
    }

    private PipeAccount Machine() =>
        new(host.MachineSid, host.ServerName, host.ServerName, host.MachineSid, SidNameUse.Domain);

    private static (string? Domain, string Name) Split(string text)
    {
        var slash = text.IndexOf('\\', StringComparison.Ordinal);
        if (slash >= 0)
        {
            return (slash == 0 ? null : text[..slash], text[(slash + 1)..]);
        }

        var at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 ? (text[(at + 1)..], text[..at]) : (null, text);
    }
}
