using System.CommandLine;
using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Smb3.Embedded.Samples.ConsoleHost;

/// <summary>
/// The command line. Every option but the last four is a setting of the same name, so the library reads and checks them all: as the
/// lists of the command line replace those of the configuration, it wins.
/// </summary>
internal sealed class Arguments
{
    private static readonly string[] Levels = ["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"];

    private readonly List<(string Setting, Option<string[]> Option)> _lists = [];
    private readonly List<(string Setting, Option<string> Option)> _values = [];
    private readonly Option<bool> _discovery;
    private readonly Option<string> _logLevel;
    private readonly Option<string> _convertAppleDouble;
    private readonly Option<string> _makeUserEntry;

    public Arguments()
    {
        Command = new RootCommand("Serves folders over SMB 2 and 3.");
        AddList("Listen", "[rdma://]IP:PORT", "Where to listen, by TCP or by RDMA; repeatable. Default: 127.0.0.1:4450.");
        AddList(
            "Shares", "NAME=FOLDER",
            "A share: NAME=FOLDER[,readonly][,encrypt][,compress][,guest][,abe][,posix][,ca][,clustered][,writecache][,timemachine][,quotas][,snapshots=FOLDER], or NAME=memory:; repeatable. "
                + "Default: demo.",
            "--share");
        AddList(
            "Namespaces", "NAME", "A DFS namespace, which sends clients to other shares: NAME[,guest][,encrypt][,hidden]; repeatable.",
            "--namespace");
        AddList("Links", @"NAME\PATH=TARGET[,TARGET]", @"A link of a namespace: corp\docs=\\server\docs; repeatable.", "--link");
        AddValue("State", "FILE", "Where the state of what clients have open is kept, for shares that are ca: it outlives this program.");
        AddValue(
            "Cluster:ConnectionString", "DATABASE", "The PostgreSQL database of a cluster, as Npgsql writes it, for shares that are clustered.", "--cluster");
        AddValue("Cluster:Node", "NAME", "The name of this node of the cluster. Default: the machine's.", "--node");
        AddList("Cluster:Addresses", "ADDRESS", "Where clients reach this node; repeatable. Default: where it listens.", "--address");
        AddValue("Cluster:LeaseTime", "TIME", "How long a node that is not heard of keeps its shares, in seconds or as hh:mm:ss. Default: 10.", "--lease-time");
        AddValue("Cluster:DrainTo", "NODE", "The node that gets the shares when this one stops. Default: all others.", "--drain-to");
        AddList("Users", "NAME:PASSWORD", "A user; repeatable. Default: demo with a random password.", "--user");
        AddValue("UsersFile", "FILE", "A file of users, NAME:NTHASH[:GROUP,GROUP] or as smbpasswd has them; read again when it changes.", "--users-file");
        AddList("Interfaces", "NAME|NETWORK", "Interfaces told to clients for further channels; ! in front leaves out; repeatable.", "--interface");
        AddList(
            "AdvertisedInterfaces", "ADDRESS [speed=10G] [rss] [rdma]", "Told to clients instead of what the machine has; repeatable.", "--advertise");
        AddValue("Kerberos:Keytab", "FILE", "The keys of this server, for logons with tickets of Kerberos, such as those of Active Directory.", "--keytab");
        AddValue("MinDialect", "DIALECT", "The oldest dialect: 2.0.2, 2.1, 3.0, 3.0.2 or 3.1.1.");
        AddValue("MaxDialect", "DIALECT", "The newest dialect.");
        AddValue("Signing", "auto|required", "Whether messages are signed.");
        AddValue("Encryption", "off|auto|required", "Whether messages are encrypted.");
        AddValue("Ciphers", "LIST", "AES-128-GCM, AES-256-GCM, AES-128-CCM, AES-256-CCM: the most wanted first, joined by commas.");
        AddValue("SigningAlgorithms", "LIST", "AES-GMAC, AES-CMAC, HMAC-SHA256: the most wanted first, joined by commas.");
        _discovery = new Option<bool>("--discovery")
        {
            Description = "Let Finder, Explorer and others find the server (mDNS and WS-Discovery), where it does not listen on the loopback only.",
        };
        Command.Options.Add(_discovery);
        _logLevel = new Option<string>("--log-level") { HelpName = "LEVEL", Description = string.Join(", ", Levels) + "." };
        _logLevel.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, Levels);
        Command.Options.Add(_logLevel);
        _makeUserEntry = new Option<string>("--make-user-entry")
        {
            HelpName = "NAME[:GROUP,GROUP]", Description = "Serve nothing; read a password from standard input, print a line for --users-file, and end.",
        };
        Command.Options.Add(_makeUserEntry);
        _convertAppleDouble = new Option<string>("--convert-appledouble")
        {
            HelpName = "FOLDER",
            Description = "Serve nothing; move what macOS keeps in files ._NAME of a folder into streams, where Macs look for it on a share, and end.",
        };
        Command.Options.Add(_convertAppleDouble);
    }

    public RootCommand Command { get; }

    /// <summary>Whether others are to find the server by themselves.</summary>
    public bool Discovery(ParseResult parsed) => parsed.GetValue(_discovery);

    public string? LogLevel(ParseResult parsed) => parsed.GetValue(_logLevel);

    /// <summary>The folder whose AppleDouble files are to be converted.</summary>
    public string? ConvertAppleDouble(ParseResult parsed) => parsed.GetValue(_convertAppleDouble);

    /// <summary>The user of whom a line for the file of users is to be made.</summary>
    public string? MakeUserEntry(ParseResult parsed) => parsed.GetValue(_makeUserEntry);

    /// <summary>Whether there are passwords among the arguments.</summary>
    public static bool HasPasswords(ParseResult parsed) => parsed.GetResult("--user") is not null;

    /// <summary>What was said, as a configuration section.</summary>
    public IConfiguration Settings(ParseResult parsed)
    {
        var settings = new Dictionary<string, string?>();
        foreach (var (setting, option) in _lists)
        {
            var values = parsed.GetValue(option) ?? [];
            for (var i = 0; i < values.Length; i++)
            {
                settings[string.Create(CultureInfo.InvariantCulture, $"{setting}:{i}")] = values[i];
            }
        }

        foreach (var (setting, option) in _values)
        {
            if (parsed.GetValue(option) is { } value)
            {
                settings[setting] = value;
            }
        }

        return new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    /// <summary>A failure of the library, which names the setting, as one that names the option.</summary>
    public string NameOption(string failure)
    {
        var setting = failure.Split(':')[0];
        var option = _lists.Select(list => (list.Setting, ((Option)list.Option).Name))
            .Concat(_values.Select(value => (value.Setting, ((Option)value.Option).Name)))
            .FirstOrDefault(pair => pair.Setting == setting).Name;
        var path = failure[..Math.Max(failure.IndexOf(": ", StringComparison.Ordinal), 0)];
        return option is null ? failure : $"{option} ({path}){failure[path.Length..]}";
    }

    private static string OptionOf(string setting) =>
        "--" + string.Concat(setting.Select(
            (c, i) => char.IsUpper(c) ? (i > 0 ? "-" : string.Empty) + char.ToLowerInvariant(c) : c.ToString()));

    private void AddList(string setting, string helpName, string description, string? name = null)
    {
        // One value for each time: what follows belongs to somebody else.
        var option = new Option<string[]>(name ?? OptionOf(setting))
        {
            HelpName = helpName,
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
        };
        Command.Options.Add(option);
        _lists.Add((setting, option));
    }

    private void AddValue(string setting, string helpName, string description, string? name = null)
    {
        var option = new Option<string>(name ?? OptionOf(setting)) { HelpName = helpName, Description = description };
        Command.Options.Add(option);
        _values.Add((setting, option));
    }
}
