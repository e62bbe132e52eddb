using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Storage.Physical;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>
/// Binds configuration to options by hand: without reflection, with lists that replace the defaults, and with failures that name the
/// setting, what is wrong with it and what it can be. A password is never part of a message.
/// </summary>
internal sealed partial class OptionsBinder : SettingReader
{
    private readonly SmbServerOptions _options;

    public OptionsBinder(SmbServerOptions options) => _options = options;

    public void Bind(IConfiguration section)
    {
        IConfigurationSection? links = null;
        Apply(section.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
        {
            ["ServerName"] = s => _options.ServerName = Text(s),
            ["DomainName"] = s => _options.DomainName = Text(s),
            ["Comment"] = s => _options.Comment = Text(s),
            ["AppleModel"] = s => _options.AppleModel = s.Value?.Trim() ?? string.Empty,
            ["Listen"] = s => Replace(_options.Listen, s, ReadEndPoint),
            ["Interfaces"] = s => Replace(_options.Interfaces, s, (item, add) => add(item.Text)),
            ["AdvertisedInterfaces"] = s => Replace(_options.AdvertisedInterfaces, s, ReadInterface),
            ["MinDialect"] = s => Word(s, SettingNames.Dialects, value => _options.MinDialect = value),
            ["MaxDialect"] = s => Word(s, SettingNames.Dialects, value => _options.MaxDialect = value),
            ["Signing"] = s => Word(s, SettingNames.Signing, value => _options.Signing = value),
            ["Encryption"] = s => Word(s, SettingNames.Encryption, value => _options.Encryption = value),
            ["Ciphers"] = s => Replace(_options.Ciphers, s, (item, add) => Word(item.Path, item.Text, SettingNames.Ciphers, add)),
            ["SigningAlgorithms"] = s => Replace(
                _options.SigningAlgorithms, s, (item, add) => Word(item.Path, item.Text, SettingNames.SigningAlgorithms, add)),
            ["Compression"] = s => Flag(s, value => _options.Compression = value),
            ["MultiChannel"] = s => Flag(s, value => _options.MultiChannel = value),
            ["RetryOplockBreaks"] = s => Flag(s, value => _options.RetryOplockBreaks = value),
            ["AllowGuest"] = s => Flag(s, value => _options.AllowGuest = value),
            ["AllowNtlm"] = s => Flag(s, value => _options.AllowNtlm = value),
            ["AllowAnonymous"] = s => Flag(s, value => _options.AllowAnonymous = value),
            ["OnlyAdministratorsSeeAccounts"] = s => Flag(s, value => _options.OnlyAdministratorsSeeAccounts = value),
            ["BreakTimeout"] = s => Time(s, value => _options.BreakTimeout = value),
            ["InterimResponseDelay"] = s => Time(s, value => _options.InterimResponseDelay = value),
            ["DurableTimeout"] = s => Time(s, value => _options.DurableTimeout = value),
            ["MaxDurableTimeout"] = s => Time(s, value => _options.MaxDurableTimeout = value),
            ["MaxResilientTimeout"] = s => Time(s, value => _options.MaxResilientTimeout = value),
            ["DrainTimeout"] = s => Time(s, value => _options.DrainTimeout = value),
            ["State"] = s => _options.State = Text(s) is { Length: > 0 } place ? place : null,
            ["Cluster"] = s => Cluster(s, _options.Cluster),
            ["Limits"] = s => Limits(s, _options.Limits),
            ["LogonThrottle"] = s => Throttle(s, _options.LogonThrottle),
            ["LogonPolicies"] = s => LogonPolicies(s, _options.LogonPolicies),
            ["Kerberos"] = s => Kerberos(s, _options.Kerberos),
            ["Directory"] = s => Directory(s, _options.Directory),
            ["Witness"] = s => Witness(s, _options.Witness),
            ["Shares"] = Shares,
            ["Namespaces"] = Namespaces,
            ["Links"] = s => links = s,
            ["Users"] = Users,
            ["UsersFile"] = s => _options.UsersFile = Text(s) is { Length: > 0 } file ? file : null,
        });

        // They are links of namespaces that may come after them.
        if (links is not null)
        {
            Links(links);
        }

        if (Failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(SmbServerOptions), typeof(SmbServerOptions), Failures);
        }
    }

    private void Limits(IConfigurationSection section, SmbServerLimits limits) => Apply(
        section.GetChildren(),
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["MaxConnections"] = s => Number(s, value => limits.MaxConnections = value),
            ["MaxConnectionsPerAddress"] = s => Number(s, value => limits.MaxConnectionsPerAddress = value),
            ["MaxSessionsPerConnection"] = s => Number(s, value => limits.MaxSessionsPerConnection = value),
            ["MaxChannelsPerSession"] = s => Number(s, value => limits.MaxChannelsPerSession = value),
            ["MaxTreeConnectsPerSession"] = s => Number(s, value => limits.MaxTreeConnectsPerSession = value),
            ["MaxOpensPerSession"] = s => Number(s, value => limits.MaxOpensPerSession = value),
            ["MaxLeasesPerClient"] = s => Number(s, value => limits.MaxLeasesPerClient = value),
            ["MaxDisconnectedOpens"] = s => Number(s, value => limits.MaxDisconnectedOpens = value),
            ["MaxPersistentOpens"] = s => Number(s, value => limits.MaxPersistentOpens = value),
            ["MaxPersistentOpensPerUser"] = s => Number(s, value => limits.MaxPersistentOpensPerUser = value),
            ["MaxCredits"] = s => Number(s, value => limits.MaxCredits = value),
            ["MaxBytesInFlight"] = s => LongNumber(s, value => limits.MaxBytesInFlight = value),
            ["MaxTransactSize"] = s => Number(s, value => limits.MaxTransactSize = value),
            ["MaxReadSize"] = s => Number(s, value => limits.MaxReadSize = value),
            ["MaxWriteSize"] = s => Number(s, value => limits.MaxWriteSize = value),
            ["MaxCopyChunks"] = s => Number(s, value => limits.MaxCopyChunks = value),
            ["MaxCopyChunkSize"] = s => Number(s, value => limits.MaxCopyChunkSize = value),
            ["MaxCopySize"] = s => Number(s, value => limits.MaxCopySize = value),
            ["AuthenticationTimeout"] = s => Time(s, value => limits.AuthenticationTimeout = value),
            ["IdleTimeout"] = s =>
            {
                if (IsNone(s))
                {
                    limits.IdleTimeout = null;
                }
                else
                {
                    Time(s, value => limits.IdleTimeout = value);
                }
            },
        });

    private void Cluster(IConfigurationSection section, SmbClusterOptions cluster) => Apply(
        section.GetChildren(),
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["ConnectionString"] = s => cluster.ConnectionString = Text(s) is { Length: > 0 } text ? text : null,
            ["Node"] = s => cluster.Node = Text(s),
            ["Addresses"] = s => Replace(cluster.Addresses, s, ReadAddress),
            ["Name"] = s => cluster.Name = Text(s),
            ["LeaseTime"] = s => Time(s, value => cluster.LeaseTime = value),
            ["RefusalTime"] = s => Time(s, value => cluster.RefusalTime = value),
            ["Balance"] = s => Flag(s, value => cluster.Balance = value),
            ["BalanceSplits"] = s => Flag(s, value => cluster.BalanceSplits = value),
            ["DrainTo"] = s => cluster.DrainTo = Text(s) is { Length: > 0 } node ? node : null,
            ["MaxDialect"] = s => Word(s, SettingNames.Dialects, value => cluster.MaxDialect = value),
        });

    private void ReadAddress((string Path, string Text) item, Action<IPAddress> add)
    {
        if (IPAddress.TryParse(item.Text, out var address))
        {
            add(address);
        }
        else
        {
            Fail(item.Path, $"'{item.Text}' is not an IP address");
        }
    }

    private void Throttle(IConfigurationSection section, LogonThrottleOptions throttle) => Apply(
        section.GetChildren(),
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["FirstDelay"] = s => Time(s, value => throttle.FirstDelay = value),
            ["MaximumDelay"] = s => Time(s, value => throttle.MaximumDelay = value),
            ["Window"] = s => Time(s, value => throttle.Window = value),
            ["FailuresPerAddress"] = s => NumberOrNone(s, value => throttle.FailuresPerAddress = value),
            ["FailuresPerUser"] = s => NumberOrNone(s, value => throttle.FailuresPerUser = value),
            ["MaximumEntries"] = s => Number(s, value => throttle.MaximumEntries = value),
        });

    private void Kerberos(IConfigurationSection section, SmbKerberosOptions kerberos) => Apply(
        section.GetChildren(),
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["Keytab"] = s => kerberos.Keytab = Text(s) is { Length: > 0 } file ? file : null,
            ["ClockSkew"] = s => Time(s, value => kerberos.ClockSkew = value),
            ["AllowRc4"] = s => Flag(s, value => kerberos.AllowRc4 = value),
        });

    private void LogonPolicies(IConfigurationSection section, IList<SmbLogonPolicy> policies)
    {
        policies.Clear();
        foreach (var item in section.GetChildren())
        {
            var policy = new SmbLogonPolicy();
            Apply(item.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
            {
                ["EndPoints"] = s => Replace(policy.EndPoints, s, (text, add) => add(text.Text)),
                ["Networks"] = s => Replace(policy.Networks, s, (text, add) => add(text.Text)),
                ["Users"] = s => Replace(policy.Users, s, (text, add) => add(text.Text)),
                ["Groups"] = s => Replace(policy.Groups, s, (text, add) => add(text.Text)),
                ["Mechanisms"] = s => Replace(policy.Mechanisms, s, (text, add) => add(text.Text)),
                ["RequireEncryption"] = s => Flag(s, value => policy.RequireEncryption = value),
            });
            policies.Add(policy);
        }
    }

    private void Directory(IConfigurationSection section, SmbDirectoryOptions directory) => Apply(
        section.GetChildren(),
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["Timeout"] = s => Time(s, value => directory.Timeout = value),
            ["Pause"] = s => Time(s, value => directory.Pause = value),
            ["KeepFound"] = s => Time(s, value => directory.KeepFound = value),
            ["KeepMissing"] = s => Time(s, value => directory.KeepMissing = value),
            ["MaxEntries"] = s => Number(s, value => directory.MaxEntries = value),
            ["MaxRequests"] = s => Number(s, value => directory.MaxRequests = value),
        });

    private void Witness(IConfigurationSection section, SmbWitnessOptions witness) => Apply(
        section.GetChildren(),
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["Enabled"] = s => Flag(s, value => witness.Enabled = value),
            ["Port"] = s => Number(s, value => witness.Port = value),
            ["EndpointMapperPort"] = s => NumberOrNone(s, value => witness.EndpointMapperPort = value),
            ["Addresses"] = s => Replace(witness.Addresses, s, ReadAddress),
            ["NetworkNames"] = s => Replace(witness.NetworkNames, s, (item, add) => add(item.Text)),
            ["Interfaces"] = s => Replace(witness.Interfaces, s, ReadWitnessInterface),
        });

    private void Shares(IConfigurationSection section)
    {
        _options.Shares.Clear();
        foreach (var item in Items(section))
        {
            var share = item.Value is { } text ? ParseShare(item.Path, text) : ReadShare(item);
            if (share is not null)
            {
                _options.Shares.Add(share);
            }
        }
    }

    /// <summary>NAME=FOLDER[,readonly][,encrypt][,guest][,abe][,snapshots=FOLDER]</summary>
    private SmbShareOptions? ParseShare(string path, string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var parts = text[(equals + 1)..].Split(',');
        if (equals <= 0 || parts[0].Length == 0)
        {
            Fail(
                path,
                $"'{text}' is not a share; write NAME=FOLDER[,readonly][,encrypt][,guest][,abe][,posix][,ca][,clustered][,writecache][,timemachine][,quotas][,localprograms=…]"
                    + "[,snapshots=FOLDER], "
                    + "or NAME=memory:");
            return null;
        }

        var share = new SmbShareOptions { Name = text[..equals].Trim(), Folder = parts[0] };
        foreach (var flag in parts.AsSpan(1))
        {
            const string Snapshots = "snapshots=";
            if (flag.TrimStart().StartsWith(Snapshots, StringComparison.OrdinalIgnoreCase))
            {
                share.Snapshots = new PhysicalSnapshotOptions { Folder = flag.Trim()[Snapshots.Length..] };
                continue;
            }

            const string LocalPrograms = "localprograms=";
            if (flag.TrimStart().StartsWith(LocalPrograms, StringComparison.OrdinalIgnoreCase)
                && SettingNames.LocalPrograms.TryParse(flag.Trim()[LocalPrograms.Length..], out var localPrograms))
            {
                share.LocalPrograms = localPrograms;
                continue;
            }

            switch (flag.Trim().ToUpperInvariant())
            {
                case "READONLY":
                    share.ReadOnly = true;
                    break;
                case "ENCRYPT":
                    share.Encrypt = true;
                    break;
                case "COMPRESS":
                    share.Compress = true;
                    break;
                case "GUEST":
                    share.AllowGuest = true;
                    break;
                case "ABE":
                    share.AccessBasedEnumeration = true;
                    break;
                case "POSIX":
                    share.Posix = true;
                    break;
                case "CA":
                    share.ContinuouslyAvailable = true;
                    break;
                case "CLUSTERED":
                    share.Clustered = true;
                    break;
                case "WRITECACHE":
                    share.WriteCache = true;
                    break;
                case "TIMEMACHINE":
                    share.TimeMachine = true;
                    break;
                case "QUOTAS":
                    share.Quotas = true;
                    break;
                default:
                    Fail(
                        path,
                        $"'{flag}' is not a property of a share; they are readonly, encrypt, compress, guest, abe, posix, ca, clustered, writecache, timemachine, quotas, "
                            + "localprograms=noticed|awaited|ignored and snapshots=FOLDER");
                    break;
            }
        }

        return share;
    }

    private SmbShareOptions ReadShare(IConfigurationSection section)
    {
        var share = new SmbShareOptions();
        Apply(section.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
        {
            ["Name"] = s => share.Name = Text(s),
            ["Folder"] = s => share.Folder = Text(s),
            ["Comment"] = s => share.Comment = Text(s),
            ["ReadOnly"] = s => Flag(s, value => share.ReadOnly = value),
            ["Encrypt"] = s => Flag(s, value => share.Encrypt = value),
            ["Compress"] = s => Flag(s, value => share.Compress = value),
            ["AllowGuest"] = s => Flag(s, value => share.AllowGuest = value),
            ["AccessBasedEnumeration"] = s => Flag(s, value => share.AccessBasedEnumeration = value),
            ["Hidden"] = s => Flag(s, value => share.Hidden = value),
            ["Posix"] = s => Flag(s, value => share.Posix = value),
            ["ContinuouslyAvailable"] = s => Flag(s, value => share.ContinuouslyAvailable = value),
            ["Clustered"] = s => Flag(s, value => share.Clustered = value),
            ["WriteCache"] = s => Flag(s, value => share.WriteCache = value),
            ["LocalPrograms"] = s => Word(s, SettingNames.LocalPrograms, value => share.LocalPrograms = value),
            ["MacSupport"] = s => Flag(s, value => share.MacSupport = value),
            ["Quotas"] = s => Flag(s, value => share.Quotas = value),
            ["TimeMachine"] = s => Flag(s, value => share.TimeMachine = value),
            ["MaxUsers"] = s => NumberOrNone(s, value => share.MaxUsers = value),
            ["Users"] = s => Access(s, share.Users),
            ["Groups"] = s => Access(s, share.Groups),
            ["Others"] = s => Word(s, SettingNames.ShareAccess, value => share.Others = value),
            ["Snapshots"] = s => share.Snapshots = ReadSnapshots(s),
        });
        return share;
    }

    /// <summary>A folder, or a folder and how it is read.</summary>
    private PhysicalSnapshotOptions ReadSnapshots(IConfigurationSection section)
    {
        var snapshots = new PhysicalSnapshotOptions { Folder = section.Value ?? string.Empty };
        Apply(section.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
        {
            ["Folder"] = s => snapshots = snapshots with { Folder = Text(s) },
            ["NameFormat"] = s => snapshots = snapshots with { NameFormat = Text(s) },
            ["LocalTime"] = s => Flag(s, value => snapshots = snapshots with { IsLocalTime = value }),
            ["Subfolder"] = s => snapshots = snapshots with { Subfolder = Text(s) },
        });
        return snapshots;
    }

    private void Access(IConfigurationSection section, IDictionary<string, SmbShareAccess> access)
    {
        foreach (var item in section.GetChildren())
        {
            Word(item, SettingNames.ShareAccess, value => access[item.Key] = value);
        }
    }

    private void Users(IConfigurationSection section)
    {
        var users = new InMemoryUserStore();
        foreach (var item in Items(section))
        {
            if (item.Value is { } text)
            {
                var colon = text.IndexOf(':', StringComparison.Ordinal);
                if (colon <= 0)
                {
                    Fail(item.Path, $"'{(colon == 0 ? string.Empty : text)}' is not a user; write NAME:PASSWORD");
                }
                else if (colon == text.Length - 1)
                {
                    Fail(item.Path, $"user '{text[..colon]}' has an empty password, with which anybody could log on");
                }
                else if (IsNew(item.Path, text[..colon], users))
                {
                    users.Add(text[..colon], text.AsSpan(colon + 1));
                }
            }
            else
            {
                ReadUser(item, users);
            }
        }

        _options.Users = users;
    }

    /// <summary>Which of two users of a name is meant would be a guess.</summary>
    private bool IsNew(string path, string name, InMemoryUserStore users)
    {
        if (!users.Contains(name))
        {
            return true;
        }

        Fail(path, $"there is a user '{name}' already; case does not count, and a name has one user");
        return false;
    }

    private void ReadUser(IConfigurationSection section, InMemoryUserStore users)
    {
        string name = string.Empty, password = string.Empty, ntHash = string.Empty;
        string? displayName = null;
        var disabled = false;
        var groups = new List<string>();
        Apply(section.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
        {
            ["Name"] = s => name = Text(s),
            ["Password"] = s => password = s.Value ?? string.Empty,
            ["NtHash"] = s => ntHash = Text(s),
            ["DisplayName"] = s => displayName = Text(s),
            ["Disabled"] = s => Flag(s, value => disabled = value),
            ["Groups"] = s => Replace(groups, s, (item, add) => add(item.Text)),
        });
        if (name.Length == 0)
        {
            Fail($"{section.Path}:Name", "a user needs a name");
        }
        else if (ntHash.Length == 0 == (password.Length == 0))
        {
            Fail(section.Path, $"user '{name}' needs either a Password or an NtHash");
        }
        else if (!IsNew(section.Path, name, users))
        {
            // It has been said.
        }
        else if (password.Length > 0)
        {
            users.Add(name, password, groups, displayName, disabled);
        }
        else if (ntHash.Length == 2 * SmbUser.NtHashSize && ntHash.All(char.IsAsciiHexDigit))
        {
            users.AddHash(name, Convert.FromHexString(ntHash), groups, displayName, disabled);
        }
        else
        {
            Fail($"{section.Path}:NtHash", $"it must be {2 * SmbUser.NtHashSize} hexadecimal digits");
        }
    }

    private void ReadEndPoint((string Path, string Text) item, Action<IPEndPoint> add)
    {
        // The framework's parsers take "4450" for the address 0.0.17.98, and ignore the port of "[::1]:4450".
        var isAddress = IPAddress.TryParse(item.Text, out var address)
            && (address.AddressFamily == AddressFamily.InterNetworkV6
                ? !item.Text.Contains("]:", StringComparison.Ordinal) : item.Text.Count(c => c == '.') == 3);
        if (SmbRdmaEndPoint.TryParse(item.Text, out var rdma))
        {
            add(rdma);
        }
        else if (isAddress)
        {
            add(new IPEndPoint(address!, SmbServerOptions.DefaultPort));
        }
        else if (item.Text.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(item.Text, out var endPoint))
        {
            add(endPoint);
        }
        else
        {
            Fail(item.Path, $"'{item.Text}' is not an end point; write IP:PORT such as 127.0.0.1:4450, 0.0.0.0:445 or [::1]:4450, with rdma:// in front for RDMA");
        }
    }

    /// <summary>GROUP=ADDRESS[ local]</summary>
    private void ReadWitnessInterface((string Path, string Text) item, Action<SmbWitnessInterface> add)
    {
        var parts = item.Text.Split(['=', ' '], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var isLocal = parts is [_, _, var last] && last.Equals("local", StringComparison.OrdinalIgnoreCase);
        if ((parts.Length == 2 || isLocal) && parts[0].Length <= SmbWitnessInterface.MaxGroup && IPAddress.TryParse(parts[1], out var address))
        {
            add(new SmbWitnessInterface(parts[0], address) { IsLocal = isLocal });
        }
        else
        {
            Fail(item.Path, $"'{item.Text}' is not an interface of the cluster; write GROUP=ADDRESS or GROUP=ADDRESS local");
        }
    }

    private void ReadInterface((string Path, string Text) item, Action<SmbInterface> add)
    {
        if (SmbInterface.TryParse(item.Text, out var read))
        {
            add(read);
        }
        else
        {
            Fail(item.Path, $"'{item.Text}' is not an interface; write ADDRESS [speed=10G] [rss] [index=N], such as 192.0.2.1 speed=10G rss");
        }
    }
}
