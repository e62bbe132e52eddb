using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;

namespace Smb3.Embedded.Pipes.LsaRpc;

/// <summary>The names of the SIDs that are the same everywhere (MS-DTYP 2.4.2.4), in English.</summary>
internal static class WellKnownAccounts
{
    private const string NtAuthority = "NT AUTHORITY";
    private const string Builtin = "BUILTIN";
    private const uint NoneRid = 513;

    private static readonly PipeAccount[] Accounts =
    [
        WellKnown(WellKnownSids.Null, "", "NULL SID"),
        WellKnown(WellKnownSids.Everyone, "", "Everyone"),
        WellKnown(WellKnownSids.Local, "", "LOCAL"),
        WellKnown(WellKnownSids.CreatorOwner, "", "CREATOR OWNER"),
        WellKnown(WellKnownSids.CreatorGroup, "", "CREATOR GROUP"),
        WellKnown(WellKnownSids.OwnerRights, "", "OWNER RIGHTS"),
        new(WellKnownSids.NtAuthority, NtAuthority, NtAuthority, WellKnownSids.NtAuthority, SidNameUse.Domain),
        WellKnown(new Sid(5, 1), NtAuthority, "DIALUP"),
        WellKnown(WellKnownSids.Network, NtAuthority, "NETWORK"),
        WellKnown(new Sid(5, 3), NtAuthority, "BATCH"),
        WellKnown(WellKnownSids.Interactive, NtAuthority, "INTERACTIVE"),
        WellKnown(new Sid(5, 6), NtAuthority, "SERVICE"),
        WellKnown(WellKnownSids.Anonymous, NtAuthority, "ANONYMOUS LOGON"),
        WellKnown(new Sid(5, 8), NtAuthority, "PROXY"),
        WellKnown(new Sid(5, 9), NtAuthority, "ENTERPRISE DOMAIN CONTROLLERS"),
        WellKnown(WellKnownSids.PrincipalSelf, NtAuthority, "SELF"),
        WellKnown(WellKnownSids.AuthenticatedUsers, NtAuthority, "Authenticated Users"),
        WellKnown(new Sid(5, 12), NtAuthority, "RESTRICTED"),
        WellKnown(new Sid(5, 13), NtAuthority, "TERMINAL SERVER USER"),
        WellKnown(new Sid(5, 14), NtAuthority, "REMOTE INTERACTIVE LOGON"),
        WellKnown(new Sid(5, 15), NtAuthority, "This Organization"),
        WellKnown(new Sid(5, 17), NtAuthority, "IUSR"),
        WellKnown(WellKnownSids.System, NtAuthority, "SYSTEM"),
        WellKnown(WellKnownSids.LocalService, NtAuthority, "LOCAL SERVICE"),
        WellKnown(WellKnownSids.NetworkService, NtAuthority, "NETWORK SERVICE"),
        new(WellKnownSids.Builtin, Builtin, Builtin, WellKnownSids.Builtin, SidNameUse.Domain),
        Alias(WellKnownSids.Administrators, "Administrators"),
        Alias(WellKnownSids.Users, "Users"),
        Alias(WellKnownSids.Guests, "Guests"),
        Alias(WellKnownSids.PowerUsers, "Power Users"),
        Alias(new Sid(5, 32, 548), "Account Operators"),
        Alias(WellKnownSids.ServerOperators, "Server Operators"),
        Alias(new Sid(5, 32, 550), "Print Operators"),
        Alias(WellKnownSids.BackupOperators, "Backup Operators"),
        Alias(new Sid(5, 32, 552), "Replicator"),
        Alias(new Sid(5, 32, 555), "Remote Desktop Users"),
        Alias(new Sid(5, 32, 556), "Network Configuration Operators"),
        Alias(new Sid(5, 32, 558), "Performance Monitor Users"),
        Alias(new Sid(5, 32, 559), "Performance Log Users"),
        Alias(new Sid(5, 32, 562), "Distributed COM Users"),
        Alias(new Sid(5, 32, 568), "IIS_IUSRS"),
        Alias(new Sid(5, 32, 569), "Cryptographic Operators"),
        Alias(new Sid(5, 32, 573), "Event Log Readers"),
    ];

    /// <summary>
    /// The group that is the primary one of a server's own users, because a user must have one of the own domain; it is called so and has this number
    /// on every server of Windows that is no domain controller.
    /// </summary>
    public static PipeAccount NoneOf(IPipeHost host) =>
        new(host.MachineSid.WithRid(NoneRid), "None", host.ServerName, host.MachineSid, SidNameUse.Group);

    /// <summary>The local groups of BUILTIN, in the order of their relative identifiers.</summary>
    public static IEnumerable<PipeAccount> Aliases => Accounts.Where(account => account.Use == SidNameUse.Alias);

    /// <summary>The account of a SID; null when it is not well known.</summary>
    public static PipeAccount? Find(Sid sid) => Array.Find(Accounts, account => account.Sid == sid);

    /// <summary>The account of a name, in any domain when none is given; null when it is not well known.</summary>
    public static PipeAccount? Find(string? domain, string name) => Array.Find(
        Accounts,
        account => account.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            && (domain is null || account.DomainName.Equals(domain, StringComparison.OrdinalIgnoreCase)));

    private static PipeAccount WellKnown(Sid sid, string domain, string name) =>
        new(sid, name, domain, sid.Domain!, SidNameUse.WellKnownGroup);

    private static PipeAccount Alias(Sid sid, string name) => new(sid, name, Builtin, WellKnownSids.Builtin, SidNameUse.Alias);
}
