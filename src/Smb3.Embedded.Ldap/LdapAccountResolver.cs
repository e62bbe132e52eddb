using Microsoft.Extensions.Options;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>Names and SIDs of a directory that is read by LDAP. Connects when it is first asked. Safe for concurrent use.</summary>
public sealed class LdapAccountResolver : IAccountResolver, IDisposable
{
    private readonly LdapWorkers _workers;

    /// <summary>Creates it; nothing is asked yet.</summary>
    /// <param name="options">Where the directory is, and how it is read.</param>
    /// <exception cref="OptionsValidationException">A setting is invalid; the failures say which.</exception>
    public LdapAccountResolver(LdapOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _workers = new LdapWorkers(Check(options), options);
    }

    /// <inheritdoc/>
    /// <exception cref="LdapAccountException">The directory cannot be asked.</exception>
    public async ValueTask<SmbAccount?> FindAsync(Sid sid, CancellationToken cancellationToken) =>
        await _workers.AskAsync(schema => schema.Find(sid), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="LdapAccountException">The directory cannot be asked.</exception>
    public async ValueTask<SmbAccount?> FindAsync(string? domain, string name, CancellationToken cancellationToken) =>
        await _workers.AskAsync(schema => schema.Find(domain, name), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="LdapAccountException">The directory cannot be asked.</exception>
    public async ValueTask<IReadOnlyList<Sid>?> FindGroupsAsync(Sid user, CancellationToken cancellationToken) =>
        await _workers.AskAsync(schema => schema.FindGroups(user), cancellationToken).ConfigureAwait(false);

    /// <summary>Closes the connections, once what is running has ended.</summary>
    public void Dispose() => _workers.Dispose();

    private static List<LdapServer> Check(LdapOptions options)
    {
        List<string> failures = [];
        List<LdapServer> servers = [];
        foreach (var text in options.Servers)
        {
            if (LdapServer.TryParse(text, out var server))
            {
                servers.Add(server);
            }
            else
            {
                failures.Add($"Ldap:Servers: '{text}' is not ldap://HOST[:PORT] or ldaps://HOST[:PORT].");
            }
        }

        if (options.Servers.Count == 0)
        {
            failures.Add("Ldap:Servers: name at least one server, such as ldaps://dc1.example.com.");
        }

        if (options.BindName is not null && !options.StartTls && servers.Find(server => !server.IsTls && !server.IsLocal) is { } open)
        {
            failures.Add($"Ldap:BindName: its password would go to {open} in plain text; use ldaps://, StartTls or Kerberos.");
        }

        if (options.BindName is not null && options.Kerberos)
        {
            failures.Add("Ldap:Kerberos: it reads as whom the ticket is for; leave BindName out.");
        }

        if (options.BindName is not null && options.Password is null && options.PasswordFile is null)
        {
            failures.Add("Ldap:PasswordFile: BindName needs a password.");
        }

        if (options.MaxConnections is < 1 or > 16)
        {
            failures.Add("Ldap:MaxConnections: it must be 1 to 16.");
        }

        if (options.Timeout < TimeSpan.FromMilliseconds(100) || options.Timeout > TimeSpan.FromMinutes(1))
        {
            failures.Add("Ldap:Timeout: it must be 100 milliseconds to 1 minute.");
        }

        return failures.Count == 0 ? servers : throw new OptionsValidationException(nameof(LdapOptions), typeof(LdapOptions), failures);
    }
}
