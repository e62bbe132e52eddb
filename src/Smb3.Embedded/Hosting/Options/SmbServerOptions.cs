using System.Net;
using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.State;
using Smb3.Embedded.Transport;

namespace Smb3.Embedded;

/// <summary>
/// Every setting of a server, by the options pattern: <c>services.Configure&lt;SmbServerOptions&gt;(…)</c>, with the server's name where it has one.
/// They are read and checked when the server is built. When the configuration changes while it runs, users, shares, namespaces and limits follow; for
/// everything else the log says that it needs a restart. Changes of the object itself have no effect.
/// </summary>
public sealed class SmbServerOptions
{
    /// <summary>The port that is used where none is named. Clients expect 445, which needs a privilege on most systems.</summary>
    public const int DefaultPort = 4450;

    /// <summary>The name of no domain.</summary>
    internal const string DefaultDomainName = "WORKGROUP";

    /// <summary>The server's name as NTLM and the share list give it, at most 15 characters. Default: the machine's name.</summary>
    public string ServerName { get; set; } = DefaultServerName();

    /// <summary>The workgroup or domain, at most 15 characters. Default <c>WORKGROUP</c>.</summary>
    public string DomainName { get; set; } = DefaultDomainName;

    /// <summary>A comment that clients show beside the server's name; at most 256 characters. Default: none.</summary>
    public string Comment { get; set; } = string.Empty;

    /// <summary>
    /// The Mac model whose icon macOS shows for the server, such as <c>MacPro</c>; at most 32 characters. Empty: none is announced.
    /// </summary>
    public string AppleModel { get; set; } = "Xserve";

    /// <summary>
    /// Where the server listens: by TCP (<c>192.0.2.1:445</c>), and by RDMA at a <see cref="SmbRdmaEndPoint"/> (<c>rdma://192.0.2.1:445</c>).
    /// Port 0 takes a free one. When it is empty: 127.0.0.1:4450.
    /// </summary>
    public IList<IPEndPoint> Listen { get; } = [];

    /// <summary>
    /// Which interfaces are advertised to clients for further channels. Each entry is an interface's name (<c>eth0</c>, <c>bond*</c>), an
    /// address or a network (<c>192.0.2.0/24</c>); one that begins with <c>!</c> excludes. When nothing is included: all that are
    /// listened on, except those of containers and virtual machines.
    /// </summary>
    public IList<string> Interfaces { get; } = [];

    /// <summary>
    /// Advertised to clients instead of the machine's own interfaces: for servers behind forwarded ports, or where the system cannot say
    /// what a link can do. Each is <c>ADDRESS [speed=10G] [rss] [rdma] [index=N]</c>. <see cref="Interfaces"/> has no effect when there are any.
    /// </summary>
    public IList<SmbInterface> AdvertisedInterfaces { get; } = [];

    /// <summary>The oldest dialect that is accepted. Default 2.0.2.</summary>
    public SmbDialect MinDialect { get; set; } = SmbDialect.Smb202;

    /// <summary>The newest dialect that is offered. Default 3.1.1.</summary>
    public SmbDialect MaxDialect { get; set; } = SmbDialect.Smb311;

    /// <summary>Whether messages are signed. Default <see cref="SmbSigning.Auto"/>.</summary>
    public SmbSigning Signing { get; set; } = SmbSigning.Auto;

    /// <summary>Whether messages are encrypted. Default <see cref="SmbEncryption.Auto"/>.</summary>
    public SmbEncryption Encryption { get; set; } = SmbEncryption.Auto;

    /// <summary>Ciphers, in order of preference. Default AES-128-GCM, AES-256-GCM, AES-128-CCM, AES-256-CCM.</summary>
    public IList<SmbCipher> Ciphers { get; } =
        [SmbCipher.Aes128Gcm, SmbCipher.Aes256Gcm, SmbCipher.Aes128Ccm, SmbCipher.Aes256Ccm];

    /// <summary>Signing algorithms for 3.1.1, in order of preference. Default AES-GMAC, AES-CMAC, HMAC-SHA256.</summary>
    public IList<SmbSigningAlgorithm> SigningAlgorithms { get; } =
        [SmbSigningAlgorithm.AesGmac, SmbSigningAlgorithm.AesCmac, SmbSigningAlgorithm.HmacSha256];

    /// <summary>
    /// Whether messages may be compressed (SMB 3.1.1). Only what a client sends compressed, or asks to have so, is: by default because its user
    /// wants it, or where <see cref="SmbShareOptions.Compress"/> asks for it. Default on.
    /// </summary>
    public bool Compression { get; set; } = true;

    /// <summary>
    /// Whether a session may use several connections, whose addresses are advertised to clients. Needs SMB 3.
    /// Default on.
    /// </summary>
    public bool MultiChannel { get; set; } = true;

    /// <summary>
    /// Whether an oplock break (lease breaks always are) is sent again over the next channel of the session when
    /// the client's transport does not acknowledge it within half a second. That is what the specification says; Windows sends it once,
    /// over the newest channel. Default off, as Windows.
    /// </summary>
    public bool RetryOplockBreaks { get; set; }

    /// <summary>
    /// Whether an unknown user is let in as a guest instead of being refused. A guest can use only the shares that allow guests, and IPC$; one
    /// of <see cref="Shares"/> that does turns it on. Default off.
    /// </summary>
    public bool AllowGuest { get; set; }

    /// <summary>
    /// Whether a client may log on without a name. Such a client can use only the shares that allow guests, and IPC$; one of
    /// <see cref="Shares"/> that does turns it on. Default off.
    /// </summary>
    public bool AllowAnonymous { get; set; }

    /// <summary>What clients can make the server hold.</summary>
    public SmbServerLimits Limits { get; } = new();

    /// <summary>What slows down password guessing.</summary>
    public LogonThrottleOptions LogonThrottle { get; } = new();

    /// <summary>
    /// Whether users may log on with a password (NTLM). Without it there must be Kerberos; and RPC over TCP, for the witness, has no users then.
    /// Default on.
    /// </summary>
    public bool AllowNtlm { get; set; } = true;

    /// <summary>What some users, or all from some networks or at some end points, must do to log on.</summary>
    public IList<SmbLogonPolicy> LogonPolicies { get; } = [];

    /// <summary>Logons with tickets of Kerberos. Default off.</summary>
    public SmbKerberosOptions Kerberos { get; } = new();

    /// <summary>The witness service of a cluster. Default off.</summary>
    public SmbWitnessOptions Witness { get; } = new();

    /// <summary>
    /// How long a client has to acknowledge an oplock or lease break before it loses the oplock or lease and others stop waiting. 1 second
    /// to 10 minutes. Default 35 seconds, as in Windows.
    /// </summary>
    public TimeSpan BreakTimeout { get; set; } = TimeSpan.FromSeconds(35);

    /// <summary>
    /// How long a request may take before its client is told that it is pending, which gives the client its credits back and lets it
    /// cancel the request. 1 millisecond to 1 minute. Default 50 milliseconds.
    /// </summary>
    public TimeSpan InterimResponseDelay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// How long the durable handle of a client that lost its connection is kept when the client does not ask for a time. 1 second up to
    /// <see cref="MaxDurableTimeout"/>. Default 60 seconds. Another client that needs the file gets it sooner.
    /// </summary>
    public TimeSpan DurableTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The longest time that a client can ask for; SMB 2 clients, which cannot ask, get this time. 1 second to 1 day. Default 5 minutes.
    /// </summary>
    public TimeSpan MaxDurableTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The longest time that a client can ask for with a resilient handle, which keeps others from the file meanwhile. 1 second to 1 day.
    /// Default 5 minutes.
    /// </summary>
    public TimeSpan MaxResilientTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a stopping server waits for requests that are still running. 0 to 10 minutes. Default 10 seconds.</summary>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The shares that the server starts with.</summary>
    public IList<SmbShareOptions> Shares { get; } = [];

    /// <summary>The DFS namespaces that the server starts with.</summary>
    public IList<SmbNamespaceOptions> Namespaces { get; } = [];

    /// <summary>The users that the server keeps itself. They take precedence over <see cref="UserStore"/>.</summary>
    public InMemoryUserStore Users { get; set; } = new();

    /// <summary>
    /// A file with further users, which is read again when it changes (<see cref="SmbUsersFile"/>): <c>NAME:NTHASH[:GROUP,GROUP]</c>, or as
    /// <c>smbpasswd</c> has them; <see langword="null"/>: there is none.
    /// </summary>
    public string? UsersFile { get; set; }

    /// <summary>The host's own users; <see langword="null"/>: none but <see cref="Users"/>.</summary>
    public ISmbUserStore? UserStore { get; set; }

    /// <summary>
    /// Names and SIDs of a directory, for users and groups that are not the server's own; <see langword="null"/>: there is none, and clients see
    /// the SIDs of such accounts.
    /// </summary>
    public IAccountResolver? AccountResolver { get; set; }

    /// <summary>
    /// Checks passwords of users of a domain (NTLM); <see langword="null"/>: such users can log on with Kerberos only. <see cref="ServerName"/> must be
    /// the name of the member that asks the domain, and <see cref="DomainName"/> the domain's short name: they are in what clients sign, and a domain
    /// controller compares them.
    /// </summary>
    public IDomainLogon? DomainLogon { get; set; }

    /// <summary>How a directory (<see cref="AccountResolver"/>) is asked.</summary>
    public SmbDirectoryOptions Directory { get; } = new();

    /// <summary>
    /// Whether clients get lists of the server's users and groups (MS-SAMR) for administrators alone; else every user does who is not a guest. Names of
    /// single SIDs, and SIDs of single names, are told to every user in any case. Default off.
    /// </summary>
    public bool OnlyAdministratorsSeeAccounts { get; set; }

    /// <summary>Lets the host observe and forbid; <see langword="null"/>: nothing.</summary>
    public SmbServerHooks? Hooks { get; set; }

    /// <summary>
    /// The file in which the store that <c>UseSqliteState()</c> of the package <c>Smb3.Embedded.Sqlite</c> opens keeps its state.
    /// <see langword="null"/>: there is none.
    /// </summary>
    public string? State { get; set; }

    /// <summary>
    /// Where the server keeps what must outlive its process, for shares that are <see cref="SmbShareOptions.ContinuouslyAvailable"/>;
    /// <see langword="null"/>: nothing outlives it. The host keeps owning it.
    /// </summary>
    public IStateStore? StateStore { get; set; }

    /// <summary>The cluster that the server is a node of, if any.</summary>
    public SmbClusterOptions Cluster { get; } = new();

    /// <summary>The clock of all time-outs. Default: the <see cref="System.TimeProvider"/> of the services, or the system's.</summary>
    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Whether a server has been made with these settings before: places that nothing opens need a restart, and are no mistake.</summary>
    internal bool IsLater { get; set; }

    /// <summary>Further listeners, created at every start: tests use them to connect through memory.</summary>
    internal IList<Func<ITransportListener>> Transports { get; } = [];

    /// <summary>
    /// Applies the settings of <paramref name="section"/>. The keys are the names of the properties; lists may be arrays or, except for
    /// shares and users, one comma-separated text, and replace what was there. A share is
    /// <c>NAME=FOLDER[,readonly][,encrypt][,guest][,abe][,posix][,ca][,clustered][,writecache][,timemachine][,quotas][,snapshots=FOLDER]</c>
    /// or an object with the properties of <see cref="SmbShareOptions"/>; a namespace is <c>NAME[,guest][,encrypt][,hidden]</c> or an object
    /// with the properties of <see cref="SmbNamespaceOptions"/>, and <c>Links</c> adds links to those there are, each
    /// <c>NAME\PATH=TARGET[,TARGET]</c>; a user is <c>NAME:PASSWORD</c> or an object with Name,
    /// Password or NtHash (32 hexadecimal digits), Groups, DisplayName and Disabled. Times are <c>hh:mm:ss</c> or a number of seconds.
    /// </summary>
    /// <param name="section">The section, such as <c>configuration.GetSection("Smb")</c>.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// A setting is unknown or has an invalid value; the failures name each of them.
    /// </exception>
    public void Bind(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        new OptionsBinder(this).Bind(section);
    }

    private static string DefaultServerName()
    {
        var name = Environment.MachineName.Split('.')[0].ToUpperInvariant();
        name = name.Length > OptionsValidator.MaxNetBiosName ? name[..OptionsValidator.MaxNetBiosName] : name;
        return OptionsValidator.IsNetBiosName(name) ? name : "SMB3";
    }
}
