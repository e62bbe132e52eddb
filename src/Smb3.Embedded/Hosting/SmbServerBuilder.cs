using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Standalone;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Providers;

namespace Smb3.Embedded;

/// <summary>
/// Builds a server: from <see cref="SmbServer.CreateBuilder"/> for a stand-alone one, or inside
/// <c>services.AddSmbServer(…)</c> for one that lives in a host. Calls take effect in their order, among what
/// <c>services.Configure&lt;SmbServerOptions&gt;(…)</c> does; what they set is set again when the configuration has changed while the server runs,
/// with the same objects.
/// </summary>
public sealed partial class SmbServerBuilder : IHostApplicationBuilder
{
    /// <summary>The configuration section that a stand-alone server binds.</summary>
    public const string SectionName = "Smb";

    private readonly ServerOptionsSetup _setup;
    private readonly HostApplicationBuilder? _host;
    private readonly List<Func<IServiceProvider, ISmbServerCompanion>> _companions = [];
    private readonly HashSet<string> _userNames = new(StringComparer.OrdinalIgnoreCase);
    private bool _built;

    private SmbServerBuilder(string name, IServiceCollection services, ConfigurationManager configuration, HostApplicationBuilder? host)
    {
        Name = name;
        Services = services;
        Configuration = configuration;
        Logging = new LoggingBuilder(services);
        Metrics = new MetricsBuilder(services);
        Environment = host?.Environment ?? HostedEnvironment.Of(services);
        Properties = (host as IHostApplicationBuilder)?.Properties ?? new Dictionary<object, object>();
        _host = host;
        _setup = new ServerOptionsSetup(name);
        _setup.Register(services);
        services.AddKeyedSingleton(name, (provider, _) => Create(provider));
        if (name.Length == 0)
        {
            services.AddSingleton(provider => provider.GetRequiredKeyedService<SmbServer>(name));
        }
    }

    /// <summary>The server's name among several; otherwise empty.</summary>
    public string Name { get; }

    /// <summary>Services that stores, users and hooks can be created from: the host's own inside <c>AddSmbServer</c>.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// Configuration. For a stand-alone server its section <see cref="SectionName"/> is bound; inside <c>AddSmbServer</c> it is
    /// empty: give that method the host's section instead.
    /// </summary>
    public ConfigurationManager Configuration { get; }

    /// <summary>Logging.</summary>
    public ILoggingBuilder Logging { get; }

    /// <summary>Metrics.</summary>
    public IMetricsBuilder Metrics { get; }

    /// <summary>
    /// Where the program runs: <c>Production</c>, unless <c>DOTNET_ENVIRONMENT</c> or <c>--environment</c> says otherwise; inside
    /// <c>AddSmbServer</c> that of the host.
    /// </summary>
    public IHostEnvironment Environment { get; }

    /// <summary>What extensions of the builder share.</summary>
    public IDictionary<object, object> Properties { get; }

    IConfigurationManager IHostApplicationBuilder.Configuration => Configuration;

    /// <summary>Applies the settings of a section, and follows it: what changes in it while the server runs is applied then.</summary>
    /// <param name="section">The settings, such as <c>configuration.GetSection("Smb")</c>; see <see cref="SmbServerOptions.Bind"/>.</param>
    public SmbServerBuilder Bind(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        Services.AddSingleton<IOptionsChangeTokenSource<SmbServerOptions>>(new ConfigurationChangeTokenSource<SmbServerOptions>(Name, section));
        return Configure(options => options.Bind(section));
    }

    /// <summary>Shares a folder, or memory with <c>memory:</c>.</summary>
    /// <param name="name">The share's name.</param>
    /// <param name="folder">The folder; it must exist when the server starts.</param>
    /// <param name="configure">Sets further properties.</param>
    public SmbServerBuilder AddShare(string name, string folder, Action<SmbShareOptions>? configure = null) =>
        AddShare(_ => new SmbShareOptions { Name = name, Folder = folder }, configure);

    /// <summary>Shares a store of the host.</summary>
    /// <param name="name">The share's name.</param>
    /// <param name="store">The store, which the host keeps owning.</param>
    /// <param name="configure">Sets further properties.</param>
    public SmbServerBuilder AddShare(string name, IFileStore store, Action<SmbShareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        return AddShare(_ => new SmbShareOptions { Name = name, Store = store }, configure);
    }

    /// <summary>Shares the files of a file provider, read-only.</summary>
    /// <param name="name">The share's name.</param>
    /// <param name="files">The provider, which the host keeps owning.</param>
    /// <param name="configure">Sets further properties.</param>
    public SmbServerBuilder AddShare(string name, IFileProvider files, Action<SmbShareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(files);
        return AddShare(name, _ => new FileProviderStore(files), configure);
    }

    /// <summary>Shares a store that is created from services.</summary>
    /// <param name="name">The share's name.</param>
    /// <param name="store">Gives the store; called once. The host keeps owning it.</param>
    /// <param name="configure">Sets further properties.</param>
    public SmbServerBuilder AddShare(string name, Func<IServiceProvider, IFileStore> store, Action<SmbShareOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        var once = Once(store);
        return AddShare(services => new SmbShareOptions { Name = name, Store = once(services) }, configure);
    }

    /// <summary>
    /// Shares a store of the services: the one that is registered as <typeparamref name="TStore"/>, with the share's name as the key or without one,
    /// otherwise one that is made for this share. Services dispose what they have made, when they end.
    /// </summary>
    /// <typeparam name="TStore">The store.</typeparam>
    /// <param name="name">The share's name.</param>
    /// <param name="configure">Sets further properties.</param>
    /// <exception cref="InvalidOperationException">When the server is built: the store is registered as scoped, and a server has no scope.</exception>
    public SmbServerBuilder AddShare<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TStore>(
        string name, Action<SmbShareOptions>? configure = null)
        where TStore : class, IFileStore => AddShare(name, FromServices<TStore>(name), configure);

    /// <summary>
    /// Adds a DFS namespace: a share that sends clients to shares elsewhere, such as
    /// <c>AddNamespace("corp").Link("docs", @"\\server\docs")</c>.
    /// </summary>
    /// <param name="name">The namespace's name.</param>
    /// <returns>The namespace, which takes links until the server is built.</returns>
    public SmbNamespaceOptions AddNamespace(string name)
    {
        var added = new SmbNamespaceOptions { Name = name };
        Configure(options => options.Namespaces.Add(added));
        return added;
    }

    /// <summary>Adds a DFS namespace: a share that sends clients to shares elsewhere.</summary>
    /// <param name="name">The namespace's name.</param>
    /// <param name="configure">Adds links and sets the rest.</param>
    public SmbServerBuilder AddNamespace(string name, Action<SmbNamespaceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        configure(AddNamespace(name));
        return this;
    }

    /// <summary>
    /// Adds a user. Only the hash of the password is kept, from here on. Building the server fails when the configuration has a user of that name too.
    /// </summary>
    /// <param name="name">The user's name; case is ignored.</param>
    /// <param name="password">The password; not empty.</param>
    /// <param name="groups">The groups that the user is in.</param>
    /// <exception cref="ArgumentException">The name or the password is empty, or there is a user of that name already.</exception>
    public SmbServerBuilder AddUser(string name, ReadOnlySpan<char> password, params IEnumerable<string> groups)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (password.IsEmpty)
        {
            throw new ArgumentException($"User '{name}' has an empty password, with which anybody could log on.", nameof(password));
        }

        if (!_userNames.Add(name))
        {
            throw new ArgumentException($"There is a user '{name}' already; case does not count, and a name has one user.", nameof(name));
        }

        var entry = UserEntry.Create(name, password, groups);
        return Configure(options =>
        {
            if (options.Users.Contains(name) && !options.Users.Entries.Contains(entry))
            {
                throw new OptionsValidationException(
                    nameof(SmbServerOptions), typeof(SmbServerOptions), [$"Users: there is a user '{name}' already, and AddUser adds another; a name has one user."]);
            }

            options.Users.Add(entry);
        });
    }

    /// <summary>Looks users up in the host's user store, after those that were added here.</summary>
    /// <param name="users">The host's users.</param>
    public SmbServerBuilder UseUsers(ISmbUserStore users) => Configure(options => options.UserStore = users);

    /// <summary>Looks users up in the host's user store, after those that were added here.</summary>
    /// <param name="users">Gives the host's user store; called once.</param>
    public SmbServerBuilder UseUsers(Func<IServiceProvider, ISmbUserStore> users) =>
        ConfigureOnce(users, static (options, made) => options.UserStore = made);

    /// <summary>
    /// Looks users up in a user store of the services, after those that were added here: the one that is registered as
    /// <typeparamref name="TUsers"/>, otherwise one that is made for this server. Services dispose what they have made, when they end.
    /// </summary>
    /// <typeparam name="TUsers">The user store.</typeparam>
    public SmbServerBuilder UseUsers<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TUsers>()
        where TUsers : class, ISmbUserStore => UseUsers(FromServices<TUsers>(Name));

    /// <summary>Takes names and SIDs of users and groups that are not the server's own from a directory.</summary>
    /// <param name="resolver">The directory. The host keeps owning it.</param>
    public SmbServerBuilder UseAccountResolver(IAccountResolver resolver) => Configure(options => options.AccountResolver = resolver);

    /// <summary>Takes names and SIDs of users and groups that are not the server's own from a directory.</summary>
    /// <param name="resolver">Gives the directory; called once.</param>
    public SmbServerBuilder UseAccountResolver(Func<IServiceProvider, IAccountResolver> resolver) =>
        ConfigureOnce(resolver, static (options, made) => options.AccountResolver = made);

    /// <summary>Has passwords of a domain's users checked by the domain (NTLM).</summary>
    /// <param name="logon">Asks the domain. The host keeps owning it.</param>
    public SmbServerBuilder UseDomainLogon(IDomainLogon logon) => Configure(options => options.DomainLogon = logon);

    /// <summary>Has passwords of a domain's users checked by the domain (NTLM).</summary>
    /// <param name="logon">Gives what asks the domain; called once.</param>
    public SmbServerBuilder UseDomainLogon(Func<IServiceProvider, IDomainLogon> logon) =>
        ConfigureOnce(logon, static (options, made) => options.DomainLogon = made);

    /// <summary>Lets the host observe and forbid.</summary>
    /// <param name="hooks">The hooks.</param>
    public SmbServerBuilder UseHooks(SmbServerHooks hooks) => Configure(options => options.Hooks = hooks);

    /// <summary>Lets the host observe and forbid.</summary>
    /// <param name="hooks">Gives the hooks; called once.</param>
    public SmbServerBuilder UseHooks(Func<IServiceProvider, SmbServerHooks> hooks) =>
        ConfigureOnce(hooks, static (options, made) => options.Hooks = made);

    /// <summary>
    /// Lets hooks of the services observe and forbid: those that are registered as <typeparamref name="THooks"/>, otherwise some that are made for
    /// this server. Services dispose what they have made, when they end.
    /// </summary>
    /// <typeparam name="THooks">The hooks.</typeparam>
    public SmbServerBuilder UseHooks<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THooks>()
        where THooks : SmbServerHooks => UseHooks(FromServices<THooks>(Name));

    /// <summary>Keeps what must outlive the server's process in a state store.</summary>
    /// <param name="state">The store, which the host keeps owning.</param>
    public SmbServerBuilder UseStateStore(IStateStore state) => Configure(options => options.StateStore = state);

    /// <summary>Keeps what must outlive the server's process in a state store.</summary>
    /// <param name="state">Gives the store; called once. The host keeps owning it.</param>
    public SmbServerBuilder UseStateStore(Func<IServiceProvider, IStateStore> state) =>
        ConfigureOnce(state, static (options, made) => options.StateStore = made);

    /// <summary>Lets something live beside the server while it runs.</summary>
    /// <param name="companion">Gives it; called once, when all settings are known. The host keeps owning it.</param>
    public SmbServerBuilder AddCompanion(Func<IServiceProvider, ISmbServerCompanion> companion)
    {
        ArgumentNullException.ThrowIfNull(companion);
        _companions.Add(companion);
        return this;
    }

    /// <summary>Makes the server a node of a cluster, whose nodes serve the shares that are <see cref="SmbShareOptions.Clustered"/>.</summary>
    /// <param name="cluster">What the nodes agree on, which the host keeps owning.</param>
    /// <param name="configure">Sets further properties.</param>
    public SmbServerBuilder UseCluster(IClusterStore cluster, Action<SmbClusterOptions>? configure = null) =>
        UseCluster(_ => cluster, configure);

    /// <summary>Makes the server a node of a cluster, whose nodes serve the shares that are <see cref="SmbShareOptions.Clustered"/>.</summary>
    /// <param name="cluster">Gives what the nodes agree on; called once. The host keeps owning it.</param>
    /// <param name="configure">Sets further properties.</param>
    public SmbServerBuilder UseCluster(Func<IServiceProvider, IClusterStore> cluster, Action<SmbClusterOptions>? configure = null) =>
        ConfigureOnce(cluster, (options, made) =>
        {
            options.Cluster.Store = made;
            configure?.Invoke(options.Cluster);
        });

    /// <summary>Tells clients of a cluster at once what becomes of its addresses and shares, by the witness service (MS-SWN).</summary>
    /// <param name="source">What to tell, which the host keeps owning.</param>
    /// <param name="configure">Sets ports, addresses and names.</param>
    public SmbServerBuilder UseWitness(ISmbWitnessSource source, Action<SmbWitnessOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return UseWitness(_ => source, configure);
    }

    /// <summary>Tells clients of a cluster at once what becomes of its addresses and shares, by the witness service (MS-SWN).</summary>
    /// <param name="source">Gives what to tell; called once. The host keeps owning it.</param>
    /// <param name="configure">Sets ports, addresses and names.</param>
    public SmbServerBuilder UseWitness(Func<IServiceProvider, ISmbWitnessSource> source, Action<SmbWitnessOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        return ConfigureOnce(source, (options, made) =>
        {
            options.Witness.Enabled = true;
            options.Witness.Source = made;
            configure?.Invoke(options.Witness);
        });
    }

    /// <summary>Listens on one more end point. The default, when none is added, is 127.0.0.1:4450.</summary>
    /// <param name="endPoint">The end point; port 0 takes a free one, which <see cref="SmbServer.EndPoints"/> shows.</param>
    public SmbServerBuilder Listen(IPEndPoint endPoint) => Configure(options => options.Listen.Add(endPoint));

    /// <summary>Listens on one more end point. The default, when none is added, is 127.0.0.1:4450.</summary>
    /// <param name="endPoint">IP:PORT, or rdma://IP:PORT for RDMA.</param>
    /// <exception cref="FormatException">It is not an end point.</exception>
    public SmbServerBuilder Listen(string endPoint) =>
        Listen(SmbRdmaEndPoint.TryParse(endPoint, out var rdma) ? rdma : IPEndPoint.Parse(endPoint));

    /// <summary>Changes any setting.</summary>
    /// <param name="configure">Changes the settings.</param>
    public SmbServerBuilder Configure(Action<SmbServerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _setup.Steps.Add((_, options) => configure(options));
        return this;
    }

    /// <summary>Changes any setting, with the help of services.</summary>
    /// <param name="configure">Changes the settings.</param>
    public SmbServerBuilder Configure(Action<IServiceProvider, SmbServerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _setup.Steps.Add(configure);
        return this;
    }

    /// <summary>Changes settings that depend on others: runs when everything else has set its own, whatever the order of the calls.</summary>
    /// <param name="configure">Changes the settings.</param>
    public SmbServerBuilder PostConfigure(Action<IServiceProvider, SmbServerOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        _setup.LastSteps.Add(configure);
        return this;
    }

    internal static SmbServerBuilder CreateHosted(string name, IServiceCollection services) => new(name, services, new ConfigurationManager(), null);

    private SmbServerBuilder AddShare(Func<IServiceProvider, SmbShareOptions> make, Action<SmbShareOptions>? configure) =>
        Configure((services, options) =>
        {
            var share = make(services);
            configure?.Invoke(share);
            options.Shares.Add(share);
        });

    private SmbServerBuilder ConfigureOnce<T>(Func<IServiceProvider, T> make, Action<SmbServerOptions, T> configure)
        where T : class
    {
        var once = Once(make);
        return Configure((services, options) => configure(options, once(services)));
    }

    /// <summary>
    /// The service of a type: by key, or without one, as whoever registered it wants. Where nobody has, one for this builder alone, of which the
    /// services take care all the same.
    /// </summary>
    private Func<IServiceProvider, T> FromServices<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(string key)
        where T : class
    {
        var own = new object();
        Services.AddKeyedSingleton(own, static (services, _) => ActivatorUtilities.CreateInstance<T>(services));
        return services => services.GetKeyedService<T>(key) ?? services.GetService<T>() ?? services.GetRequiredKeyedService<T>(own);
    }

    /// <summary>Settings are worked out again and again, and an object that they need is made at the first time.</summary>
    private static Func<IServiceProvider, T> Once<T>(Func<IServiceProvider, T> make)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(make);
        var gate = new Lock();
        T? made = null;
        return services =>
        {
            lock (gate)
            {
                return made ??= make(services);
            }
        };
    }

    private sealed class LoggingBuilder(IServiceCollection services) : ILoggingBuilder
    {
        public IServiceCollection Services { get; } = services;
    }

    private sealed class MetricsBuilder(IServiceCollection services) : IMetricsBuilder
    {
        public IServiceCollection Services { get; } = services;
    }
}
