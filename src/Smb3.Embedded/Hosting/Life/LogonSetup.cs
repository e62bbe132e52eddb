using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Hosting.Life;

/// <summary>What clients, and callers of RPC over TCP, log on by.</summary>
/// <param name="Authenticator">That of SMB's sessions.</param>
/// <param name="Accounts">Who they turn out to be.</param>
/// <param name="Rpc">Those of RPC.</param>
internal sealed record LogonParts(SpnegoAuthenticator Authenticator, AccountDirectory Accounts, RpcAuthenticators Rpc);

/// <summary>Makes what clients log on by out of the options.</summary>
internal static class LogonSetup
{
    public static LogonParts Create(
        SmbServerOptions options, ServerSettings settings, ISmbUserStore users, RandomNumberGenerator random, ILogger logger)
    {
        var accounts = new AccountDirectory(settings.ServerName, users, options.Cluster.Store is null ? null : options.Cluster.Name);
        var passwords = options.AllowNtlm ? Passwords(options, settings, users, accounts, random, logger) : null;
        var tickets = KerberosSetup.Create(options.Kerberos, settings.TimeProvider, users, accounts, settings.Directory, logger);
        IGssMechanism?[] mechanisms = [tickets, passwords];
        return new LogonParts(
            new SpnegoAuthenticator([.. mechanisms.OfType<IGssMechanism>()], accounts),
            accounts,
            new RpcAuthenticators(passwords, tickets, accounts));
    }

    private static NtlmMechanism Passwords(
        SmbServerOptions options, ServerSettings settings, ISmbUserStore users, AccountDirectory accounts, RandomNumberGenerator random, ILogger logger)
    {
        var ntlm = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = settings.ServerName.ToUpperInvariant(),

            // A domain controller refuses responses to a challenge of another server than the member that asks it (CVE-2015-0005).
            NetBiosDomainName = (options.DomainLogon is null ? settings.ServerName : settings.DomainName).ToUpperInvariant(),
            DnsComputerName = settings.ServerName,
            Time = settings.TimeProvider,
            Random = random,
        };
        return new NtlmMechanism(ntlm, users, accounts)
        {
            Domain = options.DomainLogon is { } domain
                ? new NtlmDomain(domain, accounts, e => ServerLog.DomainLogonFault(logger, e)) : null,
        };
    }
}
