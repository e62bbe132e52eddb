using System.Globalization;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>Settings as text, by which two states of them are compared. Objects of the host are left out: they are taken once.</summary>
internal static class SettingsText
{
    /// <summary>The settings that are worked out when the server is made, by the names that configuration has for them.</summary>
    public static IEnumerable<(string Name, string Text)> Fixed(SmbServerOptions options) =>
    [
        ("ServerName", options.ServerName),
        ("DomainName", options.DomainName),
        ("Comment", options.Comment),
        ("AppleModel", options.AppleModel),
        ("Listen", Of(options.Listen)),
        ("Interfaces", Of(options.Interfaces)),
        ("AdvertisedInterfaces", Of(options.AdvertisedInterfaces)),
        ("MinDialect", Of(options.MinDialect)),
        ("MaxDialect", Of(options.MaxDialect)),
        ("Signing", Of(options.Signing)),
        ("Encryption", Of(options.Encryption)),
        ("Ciphers", Of(options.Ciphers)),
        ("SigningAlgorithms", Of(options.SigningAlgorithms)),
        ("Compression", Of(options.Compression)),
        ("MultiChannel", Of(options.MultiChannel)),
        ("RetryOplockBreaks", Of(options.RetryOplockBreaks)),
        ("AllowGuest", Of(options.AllowGuest)),
        ("AllowAnonymous", Of(options.AllowAnonymous)),
        ("AllowNtlm", Of(options.AllowNtlm)),
        ("OnlyAdministratorsSeeAccounts", Of(options.OnlyAdministratorsSeeAccounts)),
        ("BreakTimeout", Of(options.BreakTimeout)),
        ("InterimResponseDelay", Of(options.InterimResponseDelay)),
        ("DurableTimeout", Of(options.DurableTimeout)),
        ("MaxDurableTimeout", Of(options.MaxDurableTimeout)),
        ("MaxResilientTimeout", Of(options.MaxResilientTimeout)),
        ("DrainTimeout", Of(options.DrainTimeout)),
        ("UsersFile", options.UsersFile ?? string.Empty),
        ("State", options.State ?? string.Empty),
        ("LogonPolicies", string.Join(';', options.LogonPolicies.Select(static policy => string.Join('|',
            Of(policy.Networks), Of(policy.EndPoints), Of(policy.Users), Of(policy.Groups), Of(policy.Mechanisms), Of(policy.RequireEncryption))))),
        ("LogonThrottle:FirstDelay", Of(options.LogonThrottle.FirstDelay)),
        ("LogonThrottle:MaximumDelay", Of(options.LogonThrottle.MaximumDelay)),
        ("LogonThrottle:Window", Of(options.LogonThrottle.Window)),
        ("LogonThrottle:FailuresPerAddress", Of(options.LogonThrottle.FailuresPerAddress)),
        ("LogonThrottle:FailuresPerUser", Of(options.LogonThrottle.FailuresPerUser)),
        ("LogonThrottle:MaximumEntries", Of(options.LogonThrottle.MaximumEntries)),
        ("Kerberos:Keytab", options.Kerberos.Keytab ?? string.Empty),
        ("Kerberos:ClockSkew", Of(options.Kerberos.ClockSkew)),
        ("Kerberos:AllowRc4", Of(options.Kerberos.AllowRc4)),
        ("Directory:Timeout", Of(options.Directory.Timeout)),
        ("Directory:Pause", Of(options.Directory.Pause)),
        ("Directory:KeepFound", Of(options.Directory.KeepFound)),
        ("Directory:KeepMissing", Of(options.Directory.KeepMissing)),
        ("Directory:MaxEntries", Of(options.Directory.MaxEntries)),
        ("Directory:MaxRequests", Of(options.Directory.MaxRequests)),
        ("Witness:Enabled", Of(options.Witness.Enabled)),
        ("Witness:Port", Of(options.Witness.Port)),
        ("Witness:EndpointMapperPort", Of(options.Witness.EndpointMapperPort)),
        ("Witness:Addresses", Of(options.Witness.Addresses)),
        ("Witness:NetworkNames", Of(options.Witness.NetworkNames)),
        ("Witness:Interfaces", Of(options.Witness.Interfaces)),
        ("Cluster:ConnectionString", options.Cluster.ConnectionString ?? string.Empty),
        ("Cluster:Node", options.Cluster.Node),
        ("Cluster:Name", options.Cluster.Name),
        ("Cluster:Addresses", Of(options.Cluster.Addresses)),
        ("Cluster:LeaseTime", Of(options.Cluster.LeaseTime)),
        ("Cluster:RefusalTime", Of(options.Cluster.RefusalTime)),
        ("Cluster:Balance", Of(options.Cluster.Balance)),
        ("Cluster:BalanceSplits", Of(options.Cluster.BalanceSplits)),
        ("Cluster:DrainTo", options.Cluster.DrainTo ?? string.Empty),
        ("Cluster:MaxDialect", Of(options.Cluster.MaxDialect)),
    ];

    /// <summary>A share, but for its store: that one is the host's, and stays.</summary>
    public static string Of(SmbShareOptions share) => Lines(
        share.Name, share.Folder, share.Store is null, share.Comment, share.ReadOnly, share.Encrypt, share.Compress, share.AllowGuest,
        share.AccessBasedEnumeration, share.Hidden, share.MaxUsers, Of(share.Users), Of(share.Groups), share.Others, share.TimeMachine,
        share.MacSupport, share.Posix, share.ContinuouslyAvailable, share.Clustered, share.WriteCache, share.Snapshots, share.LocalPrograms,
        share.Quotas);

    public static string Of(SmbNamespaceOptions space) => Lines(
        space.Name, space.Comment, string.Join(';', space.Links.Select(static link => Lines(
            link.Path, link.Comment, Of(link.Targets), link.TimeToLive, link.LeadsToNamespace))),
        Of(space.Targets), space.TimeToLive, space.TargetFailback, space.Encrypt, space.AllowGuest, space.Hidden, space.MaxUsers,
        Of(space.Users), Of(space.Groups), space.Others);

    private static string Of(IEnumerable<SmbNamespaceTarget> targets) => string.Join(';', targets.Select(static target => Lines(
        target.Path, target.PriorityClass, target.PriorityRank, target.IsOnline)));

    private static string Of(IDictionary<string, SmbShareAccess> access) => string.Join(
        ';', access.OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase).Select(static pair => Lines(pair.Key, pair.Value)));

    private static string Of<T>(IEnumerable<T> values) => string.Join(',', values);

    private static string Of(object? value) => Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty;

    // The length in front of each value: no two lists of values have the same text.
    private static string Lines(params IEnumerable<object?> values) => string.Concat(values.Select(static value =>
        Of(value) is var text ? string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text}\n") : string.Empty));
}
