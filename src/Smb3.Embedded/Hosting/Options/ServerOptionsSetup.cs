using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>
/// What a builder was told, as steps of the options pattern: they run among those of the host, and again when the configuration has changed.
/// Objects that were made the first time are kept: a server has one state store, whatever its settings become.
/// </summary>
/// <param name="name">The name of the options, which is the server's.</param>
internal sealed class ServerOptionsSetup(string name)
{
    private readonly Lock _gate = new();
    private HostObjects? _kept;

    /// <summary>In the order of the calls.</summary>
    public List<Action<IServiceProvider, SmbServerOptions>> Steps { get; } = [];

    /// <summary>Run when all others have.</summary>
    public List<Action<IServiceProvider, SmbServerOptions>> LastSteps { get; } = [];

    /// <summary>Lets the options of the name be made, and checked before the host starts.</summary>
    public void Register(IServiceCollection services)
    {
        services.AddOptions<SmbServerOptions>(name).ValidateOnStart();
        services.AddSingleton<IConfigureOptions<SmbServerOptions>>(
            provider => new ConfigureNamedOptions<SmbServerOptions>(name, options => Configure(provider, options)));
        services.AddSingleton<IPostConfigureOptions<SmbServerOptions>>(
            provider => new PostConfigureOptions<SmbServerOptions>(name, options => PostConfigure(provider, options)));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SmbServerOptions>, ServerOptionsValidation>());
    }

    private void Configure(IServiceProvider services, SmbServerOptions options)
    {
        options.TimeProvider = services.GetService<TimeProvider>() ?? options.TimeProvider;
        foreach (var step in Steps)
        {
            step(services, options);
        }
    }

    private void PostConfigure(IServiceProvider services, SmbServerOptions options)
    {
        foreach (var step in LastSteps)
        {
            step(services, options);
        }

        lock (_gate)
        {
            if (_kept is null)
            {
                _kept = new HostObjects(options);
            }
            else
            {
                _kept.GiveTo(options);
            }
        }
    }

    private sealed class HostObjects(SmbServerOptions options)
    {
        private readonly ISmbUserStore? _users = options.UserStore;
        private readonly IAccountResolver? _accounts = options.AccountResolver;
        private readonly IDomainLogon? _domain = options.DomainLogon;
        private readonly SmbServerHooks? _hooks = options.Hooks;
        private readonly IStateStore? _state = options.StateStore;
        private readonly IClusterStore? _cluster = options.Cluster.Store;
        private readonly ISmbWitnessSource? _witness = options.Witness.Source;
        private readonly TimeProvider _time = options.TimeProvider;

        public void GiveTo(SmbServerOptions later)
        {
            later.UserStore = _users;
            later.AccountResolver = _accounts;
            later.DomainLogon = _domain;
            later.Hooks = _hooks;
            later.StateStore = _state;
            later.Cluster.Store = _cluster;
            later.Witness.Source = _witness;
            later.TimeProvider = _time;
            later.IsLater = true;
        }
    }
}
