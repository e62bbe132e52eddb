using System.Globalization;
using System.Net;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Hosting.Interfaces;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>Checks options as a whole. Every failure begins with the setting's name and says what to do.</summary>
internal sealed class OptionsValidator
{
    public const int MaxNetBiosName = 15;
    private const string NetBiosName = "1 to 15 letters, digits, '-', '_' or '.'";
    private const int MaxComment = 256;
    private const int MaxInterfaces = 256;
    private const int MaxNetworkName = 255;

    private readonly List<string> _failures = [];

    public static bool IsNetBiosName(string name) =>
        name.Length is > 0 and <= MaxNetBiosName && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    /// <exception cref="OptionsValidationException">A setting is invalid.</exception>
    public static void Check(SmbServerOptions options)
    {
        var validator = new OptionsValidator();
        validator.CheckAll(options);
        validator.Throw();
    }

    /// <summary>What is invalid.</summary>
    public static IReadOnlyList<string> Find(SmbServerOptions options)
    {
        var validator = new OptionsValidator();
        validator.CheckAll(options);
        return validator._failures;
    }

    /// <exception cref="OptionsValidationException">A setting is invalid.</exception>
    public static void Check(SmbShareOptions share)
    {
        var validator = new OptionsValidator();
        validator.CheckShare(share, $"Share '{share.Name}'");
        validator.Throw();
    }

    private void CheckAll(SmbServerOptions options)
    {
        Require(IsNetBiosName(options.ServerName), "ServerName", options.ServerName, NetBiosName);
        Require(IsNetBiosName(options.DomainName), "DomainName", options.DomainName, NetBiosName);
        Require(
            options.AppleModel.Length <= AppleServerQuery.MaxModelLength, "AppleModel", options.AppleModel.Length,
            $"at most {AppleServerQuery.MaxModelLength} characters long");
        Require(options.Comment.Length <= MaxComment, "Comment", options.Comment.Length, $"at most {MaxComment} characters long");
        foreach (var twice in options.Listen.Where(endPoint => endPoint.Port != 0).GroupBy(endPoint => endPoint.ToString()).Where(g => g.Count() > 1))
        {
            _failures.Add($"Listen: {twice.Key} is there twice; name every end point once.");
        }

        CheckInterfaces(options);
        Require(SettingNames.Dialects.Contains(options.MinDialect), "MinDialect", options.MinDialect, SettingNames.Dialects.All);
        Require(SettingNames.Dialects.Contains(options.MaxDialect), "MaxDialect", options.MaxDialect, SettingNames.Dialects.All);
        if (options.MinDialect > options.MaxDialect)
        {
            _failures.Add($"MinDialect: {SettingNames.Dialects.TextOf(options.MinDialect)} is above MaxDialect, "
                + $"{SettingNames.Dialects.TextOf(options.MaxDialect)}; lower the minimum dialect or raise the maximum.");
        }

        Require(SettingNames.Signing.Contains(options.Signing), "Signing", options.Signing, SettingNames.Signing.All);
        Require(SettingNames.Encryption.Contains(options.Encryption), "Encryption", options.Encryption, SettingNames.Encryption.All);
        CheckList("Ciphers", options.Ciphers, SettingNames.Ciphers);
        CheckList("SigningAlgorithms", options.SigningAlgorithms, SettingNames.SigningAlgorithms);
        var encrypts = options.Encryption == SmbEncryption.Required || options.Shares.Any(share => share.Encrypt)
            || options.Namespaces.Any(space => space.Encrypt);
        if (encrypts && options.MaxDialect < SmbDialect.Smb30)
        {
            _failures.Add("MaxDialect: encryption is required, which SMB 3.0 began with; raise it to 3.0 or more.");
        }

        if (options.Encryption == SmbEncryption.Off && options.Shares.FirstOrDefault(share => share.Encrypt) is { } sealedShare)
        {
            _failures.Add($"Encryption: it is off, but share '{sealedShare.Name}' asks for it; set it to auto, or clear Encrypt there.");
        }

        if (options.Encryption == SmbEncryption.Off && options.Namespaces.FirstOrDefault(space => space.Encrypt) is { } sealedSpace)
        {
            _failures.Add($"Encryption: it is off, but namespace '{sealedSpace.Name}' asks for it; set it to auto, or clear Encrypt there.");
        }

        CheckLimits(options.Limits);
        CheckThrottle(options.LogonThrottle);
        CheckLogons(options);
        for (var i = 0; i < options.LogonPolicies.Count; i++)
        {
            _failures.AddRange(LogonPolicyReader.Check(options.LogonPolicies[i]).Select(problem => $"LogonPolicies:{i}: {problem}"));
            if (options.LogonPolicies[i].RequireEncryption && (options.Encryption == SmbEncryption.Off || options.MaxDialect < SmbDialect.Smb30))
            {
                _failures.Add($"LogonPolicies:{i}: it requires encryption, which Encryption or MaxDialect turns off.");
            }
        }

        CheckDirectory(options.Directory);
        CheckUsersFile(options.UsersFile);
        CheckWitness(options);
        Range("InterimResponseDelay", options.InterimResponseDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        Range("BreakTimeout", options.BreakTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10));
        Range("MaxDurableTimeout", options.MaxDurableTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Range("DurableTimeout", options.DurableTimeout, TimeSpan.FromSeconds(1), options.MaxDurableTimeout);
        Range("MaxResilientTimeout", options.MaxResilientTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Range("DrainTimeout", options.DrainTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        CheckShares(options.Shares, options.Namespaces);
        CheckState(options);
        CheckCluster(options);
    }

    private void CheckInterfaces(SmbServerOptions options)
    {
        foreach (var entry in options.Interfaces.Where(entry => !InterfaceFilter.IsValid(entry)))
        {
            _failures.Add($"Interfaces: '{entry}' is neither an interface's name (eth0, bond*) nor an address nor a network "
                + "(192.0.2.0/24); '!' in front leaves it out.");
        }

        Require(
            options.AdvertisedInterfaces.Count <= MaxInterfaces, "AdvertisedInterfaces", options.AdvertisedInterfaces.Count,
            $"at most {MaxInterfaces} long");
        foreach (var entry in options.AdvertisedInterfaces)
        {
            Require(
                !entry.Address.Equals(IPAddress.Any) && !entry.Address.Equals(IPAddress.IPv6Any), "AdvertisedInterfaces", entry.Address,
                "an address that clients can connect to");
            Range("AdvertisedInterfaces", entry.LinkSpeed, 1, long.MaxValue);
            Range("AdvertisedInterfaces", entry.Index, 0, int.MaxValue);
        }

        if (options.AdvertisedInterfaces.DistinctBy(entry => (entry.Address, entry.Rdma)).Count() != options.AdvertisedInterfaces.Count)
        {
            _failures.Add("AdvertisedInterfaces: an address is there twice; name each once.");
        }
    }

    private void CheckLimits(SmbServerLimits limits)
    {
        Range("Limits:MaxConnections", limits.MaxConnections, 1, 1_000_000);
        Range("Limits:MaxConnectionsPerAddress", limits.MaxConnectionsPerAddress, 1, 1_000_000);
        Range("Limits:MaxSessionsPerConnection", limits.MaxSessionsPerConnection, 1, 65_536);
        Range("Limits:MaxChannelsPerSession", limits.MaxChannelsPerSession, 1, 1_024);
        Range("Limits:MaxTreeConnectsPerSession", limits.MaxTreeConnectsPerSession, 1, 65_536);
        Range("Limits:MaxOpensPerSession", limits.MaxOpensPerSession, 1, 1 << 24);
        Range("Limits:MaxLeasesPerClient", limits.MaxLeasesPerClient, 1, 1 << 24);
        Range("Limits:MaxDisconnectedOpens", limits.MaxDisconnectedOpens, 0, 1 << 24);
        Range("Limits:MaxPersistentOpens", limits.MaxPersistentOpens, 0, 1 << 24);
        Range("Limits:MaxPersistentOpensPerUser", limits.MaxPersistentOpensPerUser, 0, 1 << 24);
        Range("Limits:MaxCredits", limits.MaxCredits, 64, 65_472);
        Range("Limits:MaxBytesInFlight", limits.MaxBytesInFlight, 1L << 20, 4L << 30);
        Range("Limits:MaxTransactSize", limits.MaxTransactSize, 65_536, 8 << 20);
        Range("Limits:MaxReadSize", limits.MaxReadSize, 65_536, 8 << 20);
        Range("Limits:MaxWriteSize", limits.MaxWriteSize, 65_536, 8 << 20);
        Range("Limits:MaxCopyChunks", limits.MaxCopyChunks, 1, 65_536);
        Range("Limits:MaxCopyChunkSize", limits.MaxCopyChunkSize, 65_536, 16 << 20);
        Range("Limits:MaxCopySize", limits.MaxCopySize, limits.MaxCopyChunkSize, 1 << 30);
        Range("Limits:AuthenticationTimeout", limits.AuthenticationTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        if (limits.IdleTimeout is { } idle)
        {
            Range("Limits:IdleTimeout", idle, TimeSpan.FromSeconds(10), TimeSpan.FromDays(365));
        }
    }

    private void CheckThrottle(LogonThrottleOptions throttle)
    {
        Range("LogonThrottle:FirstDelay", throttle.FirstDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Range("LogonThrottle:MaximumDelay", throttle.MaximumDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Range("LogonThrottle:Window", throttle.Window, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1));
        Range("LogonThrottle:FailuresPerAddress", throttle.FailuresPerAddress ?? 1, 1, int.MaxValue);
        Range("LogonThrottle:FailuresPerUser", throttle.FailuresPerUser ?? 1, 1, int.MaxValue);
        Range("LogonThrottle:MaximumEntries", throttle.MaximumEntries, 1, 10_000_000);
    }

    private void CheckUsersFile(string? path)
    {
        try
        {
            if (path is not null)
            {
                SmbUsersFile.Check(path);
            }
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            _failures.Add($"UsersFile: {e.Message}");
        }
    }

    private void CheckDirectory(SmbDirectoryOptions directory)
    {
        Range("Directory:Timeout", directory.Timeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1));
        Range("Directory:Pause", directory.Pause, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        Range("Directory:KeepFound", directory.KeepFound, TimeSpan.Zero, TimeSpan.FromDays(1));
        Range("Directory:KeepMissing", directory.KeepMissing, TimeSpan.Zero, TimeSpan.FromDays(1));
        Range("Directory:MaxEntries", directory.MaxEntries, 1, 1_000_000);
        Range("Directory:MaxRequests", directory.MaxRequests, 1, 256);
    }

    private void CheckLogons(SmbServerOptions options)
    {
        var kerberos = options.Kerberos;
        if (!options.AllowNtlm && kerberos.Keytab is null)
        {
            _failures.Add("AllowNtlm: without NTLM nobody could log on; set Kerberos:Keytab, or allow NTLM.");
        }

        if (!options.AllowNtlm && (options.AllowGuest || options.AllowAnonymous || options.Shares.Any(share => share.AllowGuest)))
        {
            _failures.Add("AllowNtlm: guests and anonymous clients log on with NTLM; allow it, or do without them.");
        }

        if (options.DomainLogon is not null && options.DomainName.Equals(SmbServerOptions.DefaultDomainName, StringComparison.OrdinalIgnoreCase))
        {
            _failures.Add("DomainName: passwords are to be checked by a domain; set it to the domain's short name, and ServerName to the member's.");
        }

        if (!options.AllowNtlm && options.Witness.Enabled)
        {
            _failures.Add("AllowNtlm: clients of the witness log on with NTLM; allow it, or do without the witness.");
        }

        Range("Kerberos:ClockSkew", kerberos.ClockSkew, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        if (kerberos.Keytab is not { } keytab)
        {
            return;
        }

        try
        {
            KeytabFile.Check(keytab);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failures.Add($"Kerberos:Keytab: {e.Message}");
        }
    }

    private void CheckWitness(SmbServerOptions options)
    {
        var witness = options.Witness;
        Range("Witness:Port", witness.Port, 0, ushort.MaxValue);
        Range("Witness:EndpointMapperPort", witness.EndpointMapperPort ?? 0, 0, ushort.MaxValue);
        if (witness.EndpointMapperPort is { } port and not 0 && port == witness.Port)
        {
            _failures.Add($"Witness:EndpointMapperPort: {port} is the port of the service itself; choose another.");
        }

        if (witness.Source is not null && witness.Interfaces.Count > 0)
        {
            _failures.Add("Witness:Interfaces: the host's own source tells the interfaces; clear one of the two.");
        }

        if (witness.Enabled && witness.Addresses.Count == 0 && options.Listen.Count == 0 && options.Transports.Count > 0)
        {
            _failures.Add("Witness:Addresses: name an address for the witness service to listen on.");
        }

        foreach (var name in witness.NetworkNames.Where(static name => name.Length is 0 or > MaxNetworkName))
        {
            _failures.Add($"Witness:NetworkNames: '{name}' is not a name; it takes 1 to {MaxNetworkName} characters.");
        }
    }

    private void CheckShares(IList<SmbShareOptions> shares, IList<SmbNamespaceOptions> namespaces)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < shares.Count; i++)
        {
            var setting = string.Create(CultureInfo.InvariantCulture, $"Shares:{i}");
            CheckShare(shares[i], setting);
            if (!names.Add(shares[i].Name))
            {
                _failures.Add($"{setting}:Name: there are two shares '{shares[i].Name}' (case does not count); rename one.");
            }
        }

        var validator = new NamespaceValidator(_failures);
        for (var i = 0; i < namespaces.Count; i++)
        {
            var setting = string.Create(CultureInfo.InvariantCulture, $"Namespaces:{i}");
            validator.Check(namespaces[i], setting);
            if (!names.Add(namespaces[i].Name))
            {
                _failures.Add($"{setting}:Name: there is a share or another namespace '{namespaces[i].Name}' (case does not count); rename one.");
            }
        }
    }

    private void CheckState(SmbServerOptions options)
    {
        if (options.StateStore is not null)
        {
            return;
        }

        if (options.State is { } place && !options.IsLater)
        {
            _failures.Add($"State: nothing opens '{place}'; call UseSqliteState() of the package Smb3.Embedded.Sqlite, or clear it.");
        }
        else if (options.Shares.FirstOrDefault(static share => share is { ContinuouslyAvailable: true, Clustered: false }) is { } share)
        {
            _failures.Add($"State: share '{share.Name}' is to be continuously available, but there is nowhere to keep the state of its opens; "
                + "name a file with State (--state), or call UseStateStore(…), or clear ContinuouslyAvailable there.");
        }
    }

    private void CheckCluster(SmbServerOptions options)
    {
        var cluster = options.Cluster;
        if (cluster.Store is null)
        {
            if (cluster.ConnectionString is not null && !options.IsLater)
            {
                // It may have a password, so it is not told.
                _failures.Add(
                    "Cluster:ConnectionString: nothing connects to it; call UsePostgreSqlCluster() of the package Smb3.Embedded.PostgreSql, or clear it.");
            }

            if (options.Shares.FirstOrDefault(static share => share.Clustered) is { } share)
            {
                _failures.Add($"Cluster: share '{share.Name}' is clustered, but the server is in no cluster; call UseCluster(…) with what its "
                    + "nodes agree on, or clear Clustered there.");
            }

            return;
        }

        if (cluster is { BalanceSplits: true, Balance: false })
        {
            _failures.Add("Cluster:BalanceSplits: nothing is balanced; set Cluster:Balance too, or clear it.");
        }

        Range("Cluster:RefusalTime", cluster.RefusalTime, TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Range("Cluster:LeaseTime", cluster.LeaseTime, TimeSpan.FromSeconds(1), ClusterLimits.MaxLeaseTime);
        Require(IsNetBiosName(cluster.Name), "Cluster:Name", cluster.Name, NetBiosName);
        Require(
            cluster.Node.Length <= ClusterLimits.MaxNameLength && !cluster.Node.Any(char.IsControl), "Cluster:Node", cluster.Node,
            $"at most {ClusterLimits.MaxNameLength} characters long, none of which is a control character");
        Require(
            cluster.Addresses.Count <= ClusterLimits.MaxAddresses, "Cluster:Addresses", cluster.Addresses.Count,
            $"at most {ClusterLimits.MaxAddresses} long");
        foreach (var address in cluster.Addresses)
        {
            Require(
                !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any), "Cluster:Addresses", address,
                "an address that clients can connect to");
        }

        if (cluster.MaxDialect is { } dialect)
        {
            Require(SettingNames.Dialects.Contains(dialect), "Cluster:MaxDialect", dialect, SettingNames.Dialects.All);
        }
    }

    private void CheckShare(SmbShareOptions share, string setting)
    {
        var name = share.Name;
        ShareNames.Check(name, "share", $"{setting}:Name", _failures);
        if (string.IsNullOrWhiteSpace(share.Folder) == (share.Store is null))
        {
            _failures.Add($"{setting}:Folder: share '{name}' needs either a folder (or {SmbShareOptions.Memory}) or a store.");
        }

        if (share.Snapshots is { } snapshots)
        {
            if (string.IsNullOrWhiteSpace(snapshots.Folder))
            {
                _failures.Add($"{setting}:Snapshots:Folder: share '{name}' needs the folder that its snapshots are in.");
            }

            if (share.Store is not null || share.Folder == SmbShareOptions.Memory)
            {
                _failures.Add($"{setting}:Snapshots: share '{name}' is no folder; a store has snapshots of its own.");
            }

            if (Path.IsPathRooted(snapshots.Subfolder) || snapshots.Subfolder.Split('/', '\\').Contains(".."))
            {
                _failures.Add($"{setting}:Snapshots:Subfolder: '{snapshots.Subfolder}' must lead from a snapshot's folder down.");
            }
        }

        if (share.ContinuouslyAvailable && SmbShareOptions.Memory.Equals(share.Folder, StringComparison.OrdinalIgnoreCase))
        {
            _failures.Add($"{setting}:ContinuouslyAvailable: share '{name}' is in memory, which ends with the process; name a folder.");
        }

        if (share.Clustered && SmbShareOptions.Memory.Equals(share.Folder, StringComparison.OrdinalIgnoreCase))
        {
            _failures.Add($"{setting}:Clustered: share '{name}' is in memory, which no other node reaches; name a folder that all nodes have.");
        }

        Require(share.Comment.Length <= MaxComment, $"{setting}:Comment", share.Comment.Length, $"at most {MaxComment} characters long");
        Range($"{setting}:MaxUsers", share.MaxUsers ?? 1, 1, int.MaxValue);
    }

    private void CheckList<T>(string setting, IList<T> values, SettingWords<T> names)
        where T : struct, Enum
    {
        if (values.Count == 0)
        {
            _failures.Add($"{setting}: it is empty; name at least one of {names.All}.");
        }

        if (values.Distinct().Count() != values.Count)
        {
            _failures.Add($"{setting}: one of them is there twice; name each once.");
        }

        foreach (var value in values.Where(value => !names.Contains(value)))
        {
            _failures.Add($"{setting}: '{value}' is not known; it can be {names.All}.");
        }
    }

    private void Range<T>(string setting, T value, T least, T most)
        where T : IComparable<T>
    {
        if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
        {
            _failures.Add(string.Create(
                CultureInfo.InvariantCulture, $"{setting}: {value} is not possible; it must be from {least} to {most}."));
        }
    }

    private void Require<T>(bool holds, string setting, T value, string wanted)
    {
        if (!holds)
        {
            _failures.Add(string.Create(CultureInfo.InvariantCulture, $"{setting}: '{value}' is not possible; it must be {wanted}."));
        }
    }

    private void Throw()
    {
        if (_failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(SmbServerOptions), typeof(SmbServerOptions), _failures);
        }
    }
}
