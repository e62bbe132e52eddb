using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded;

/// <summary>An option of the command line, which is a setting by another name.</summary>
/// <param name="Name">The option, such as <c>--listen</c>.</param>
/// <param name="Setting">The setting, such as <c>Listen</c> or <c>Cluster:Node</c>; one that begins with <c>Logging:</c> is not in the server's section.</param>
/// <param name="IsList">Whether it may be given several times; together they replace the list of the configuration.</param>
/// <param name="ValueName">What its value is called in a list of options.</param>
/// <param name="Description">What it is for: one or more sentences.</param>
public sealed record SmbCommandLineOption(string Name, string Setting, bool IsList, string ValueName, string Description)
{
    internal bool IsOfServer => !Setting.StartsWith("Logging:", StringComparison.Ordinal);
}

/// <summary>
/// The command line of a server as a program: what <see cref="SmbServer.CreateBuilder"/> understands beside <c>--Smb:SETTING=VALUE</c>. A program with
/// a parser of its own takes its options from here.
/// </summary>
public static class SmbCommandLine
{
    /// <summary>The options, in the order of a list of them.</summary>
    public static IReadOnlyList<SmbCommandLineOption> Options { get; } =
    [
        new("--listen", "Listen", true, "[rdma://]IP:PORT", "Where to listen, by TCP or by RDMA; repeatable. Default: 127.0.0.1:4450."),
        new("--share", "Shares", true, "NAME=FOLDER",
            "A share: NAME=FOLDER[,readonly][,encrypt][,compress][,guest][,abe][,posix][,ca][,clustered][,writecache][,timemachine][,quotas][,snapshots=FOLDER], or NAME=memory:; repeatable."),
        new("--namespace", "Namespaces", true, "NAME",
            "A DFS namespace, which sends clients to other shares: NAME[,guest][,encrypt][,hidden]; repeatable."),
        new("--link", "Links", true, @"NAME\PATH=TARGET[,TARGET]", @"A link of a namespace: corp\docs=\\server\docs; repeatable."),
        new("--state", "State", false, "FILE", "Where the state of what clients have open is kept, for shares that are ca: it outlives this program."),
        new("--cluster", "Cluster:ConnectionString", false, "DATABASE",
            "The PostgreSQL database of a cluster, as Npgsql writes it, for shares that are clustered."),
        new("--node", "Cluster:Node", false, "NAME", "The name of this node of the cluster. Default: the machine's."),
        new("--address", "Cluster:Addresses", true, "ADDRESS", "Where clients reach this node; repeatable. Default: where it listens."),
        new("--lease-time", "Cluster:LeaseTime", false, "TIME",
            "How long a node that is not heard of keeps its shares, in seconds or as hh:mm:ss. Default: 10."),
        new("--drain-to", "Cluster:DrainTo", false, "NODE", "The node that gets the shares when this one stops. Default: all others."),
        new("--user", "Users", true, "NAME:PASSWORD", "A user; repeatable."),
        new("--users-file", "UsersFile", false, "FILE",
            "A file of users, NAME:NTHASH[:GROUP,GROUP] or as smbpasswd has them; read again when it changes."),
        new("--interface", "Interfaces", true, "NAME|NETWORK", "Interfaces told to clients for further channels; ! in front leaves out; repeatable."),
        new("--advertise", "AdvertisedInterfaces", true, "ADDRESS [speed=10G] [rss] [rdma]", "Told to clients instead of what the machine has; repeatable."),
        new("--keytab", "Kerberos:Keytab", false, "FILE",
            "The keys of this server, for logons with tickets of Kerberos, such as those of Active Directory."),
        new("--min-dialect", "MinDialect", false, "DIALECT", "The oldest dialect: 2.0.2, 2.1, 3.0, 3.0.2 or 3.1.1."),
        new("--max-dialect", "MaxDialect", false, "DIALECT", "The newest dialect."),
        new("--signing", "Signing", false, "auto|required", "Whether messages are signed."),
        new("--encryption", "Encryption", false, "off|auto|required", "Whether messages are encrypted."),
        new("--ciphers", "Ciphers", false, "LIST", "AES-128-GCM, AES-256-GCM, AES-128-CCM, AES-256-CCM: the most wanted first, joined by commas."),
        new("--signing-algorithms", "SigningAlgorithms", false, "LIST", "AES-GMAC, AES-CMAC, HMAC-SHA256: the most wanted first, joined by commas."),
        new("--log-level", "Logging:LogLevel:Default", false, "LEVEL", $"{LogLevels.All}."),
    ];

    /// <summary>Names the option beside the setting that a failure of the settings is about.</summary>
    /// <param name="failure">The failure, which begins with the path of the setting.</param>
    public static string Explain(string failure)
    {
        ArgumentNullException.ThrowIfNull(failure);
        var path = failure[..Math.Max(failure.IndexOf(": ", StringComparison.Ordinal), 0)];
        var setting = failure.Split(':')[0];
        return Options.FirstOrDefault(option => option.Setting == setting) is { } option
            ? $"{option.Name} ({path}){failure[path.Length..]}" : failure;
    }
}
