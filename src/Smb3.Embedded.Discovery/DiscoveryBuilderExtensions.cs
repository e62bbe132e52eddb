using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Discovery;

namespace Smb3.Embedded;

/// <summary>Lets a server be found by itself.</summary>
public static class DiscoveryBuilderExtensions
{
    /// <summary>The section of the configuration that <see cref="UseConfiguredDiscovery"/> takes.</summary>
    public const string SectionName = "Discovery";

    /// <summary>
    /// As <see cref="UseDiscovery"/> where the configuration has a section <c>Discovery</c>, whose keys are the names of <see cref="DiscoveryOptions"/>,
    /// and <c>Enabled</c>.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    public static SmbServerBuilder UseConfiguredDiscovery(this SmbServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var section = builder.Configuration.GetSection(SectionName);
        return DiscoveryOptionsBinder.IsEnabled(section) ? UseDiscovery(builder, options => DiscoveryOptionsBinder.Bind(section, options)) : builder;
    }

    /// <summary>
    /// Announces the server over mDNS and by WS-Discovery while it runs, on the interfaces by which clients reach it. One that listens on the
    /// loopback only is not announced.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="configure">Says what is announced, and where; null: as it is by default.</param>
    public static SmbServerBuilder UseDiscovery(this SmbServerBuilder builder, Action<DiscoveryOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        DiscoverySettings? settings = null;
        builder.PostConfigure((_, server) =>
        {
            var options = new DiscoveryOptions();
            configure?.Invoke(options);
            settings = DiscoverySettings.Create(options, server);
        });
        return builder.AddCompanion(services => new DiscoveryCompanion(
            settings!, (services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger("Smb3.Embedded.Discovery")));
    }
}
