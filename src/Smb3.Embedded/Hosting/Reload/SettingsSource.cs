using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>Where the settings of a server come from: its options, as .NET's options pattern has them.</summary>
internal sealed class SettingsSource
{
    private readonly IOptionsMonitor<SmbServerOptions> _monitor;
    private readonly IOptionsMonitorCache<SmbServerOptions> _cache;
    private readonly IConfigurationRoot? _configuration;
    private readonly IOptionsChangeTokenSource<SmbServerOptions>[] _changes;
    private readonly string _name;

    public SettingsSource(string name, IServiceProvider services)
    {
        _name = name;
        _monitor = services.GetRequiredService<IOptionsMonitor<SmbServerOptions>>();
        _cache = services.GetRequiredService<IOptionsMonitorCache<SmbServerOptions>>();
        _configuration = services.GetService<IConfiguration>() as IConfigurationRoot;
        _changes = [.. services.GetServices<IOptionsChangeTokenSource<SmbServerOptions>>()
            .Where(source => (source.Name ?? Microsoft.Extensions.Options.Options.DefaultName) == name)];
        Files = services.GetService<SettingsFiles>() ?? new SettingsFiles(_configuration);
        Files.Remember();
    }

    public SettingsFiles Files { get; }

    /// <summary>The settings as they are now.</summary>
    /// <exception cref="OptionsValidationException">They are invalid, or a level of the log is.</exception>
    public SmbServerOptions Read()
    {
        if (_configuration is not null)
        {
            LogLevels.Check(_configuration);
        }

        return _monitor.Get(_name);
    }

    /// <summary>Has every source read again. What could not be read is among the <see cref="Files"/>.</summary>
    public void Refresh()
    {
        Files.Forget();

        // One by one: each tells of its change at once, and whoever follows the options and throws then would keep the next from being read.
        foreach (var provider in _configuration?.Providers ?? [])
        {
            try
            {
                provider.Load();
            }
            catch (Exception e) when (e is IOException or InvalidDataException)
            {
                Files.Keep("The configuration", e);
            }
            catch (Exception e) when (e is AggregateException or OptionsValidationException)
            {
                // What is wrong shows when they are read.
            }
        }

        _cache.TryRemove(_name);
    }

    /// <summary>Calls back whenever something may have changed, until it is disposed.</summary>
    public IDisposable Follow(Action changed) => new Registrations([.. _changes.Select(source => ChangeToken.OnChange(source.GetChangeToken, changed))]);

    private sealed class Registrations(IDisposable[] all) : IDisposable
    {
        public void Dispose() => Array.ForEach(all, static one => one.Dispose());
    }
}
