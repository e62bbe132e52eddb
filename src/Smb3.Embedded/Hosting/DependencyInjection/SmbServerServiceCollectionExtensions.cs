using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Smb3.Embedded;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts SMB servers into a generic host or an ASP.NET app, which starts and stops them.</summary>
public static class SmbServerServiceCollectionExtensions
{
    /// <summary>Adds a server that starts and stops with the host. <see cref="SmbServer"/> is registered as a service.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configure">Configures the server.</param>
    public static IServiceCollection AddSmbServer(this IServiceCollection services, Action<SmbServerBuilder> configure) =>
        services.AddSmbServer(string.Empty, configure);

    /// <summary>Adds a server with settings from configuration, which it follows (<see cref="SmbServerBuilder.Bind"/>).</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="section">The settings, such as <c>builder.Configuration.GetSection("Smb")</c>.</param>
    /// <param name="configure">Adds to them.</param>
    public static IServiceCollection AddSmbServer(
        this IServiceCollection services, IConfiguration section, Action<SmbServerBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return services.AddSmbServer(string.Empty, builder =>
        {
            builder.Bind(section);
            configure?.Invoke(builder);
        });
    }

    /// <summary>
    /// Adds one of several servers. It is registered as a service with its name as the key:
    /// <c>services.GetRequiredKeyedService&lt;SmbServer&gt;(name)</c>.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="name">
    /// The server's name; the empty one is that of <see cref="AddSmbServer(IServiceCollection, Action{SmbServerBuilder})"/>.
    /// </param>
    /// <param name="configure">Configures the server.</param>
    /// <exception cref="InvalidOperationException">There is a server of that name.</exception>
    public static IServiceCollection AddSmbServer(this IServiceCollection services, string name, Action<SmbServerBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(configure);
        if (services.Any(service => service.ServiceType == typeof(SmbServer) && service.IsKeyedService && name.Equals(service.ServiceKey)))
        {
            throw new InvalidOperationException(
                name.Length == 0
                    ? "There is an SMB server already; give further ones a name." : $"There is an SMB server '{name}' already.");
        }

        services.AddLogging();
        services.AddMetrics();
        var builder = SmbServerBuilder.CreateHosted(name, services);
        configure(builder);
        return services.AddSingleton<IHostedService>(
            provider => new SmbServerHostedService(provider.GetRequiredKeyedService<SmbServer>(name)));
    }

    /// <summary>
    /// Adds a health check: healthy while the server runs, every end point accepts and every share's folder is there, degraded while it
    /// starts or stops, otherwise <paramref name="failureStatus"/>. Its data are the numbers of connections, sessions and opens, and the
    /// shares whose folder is missing.
    /// </summary>
    /// <param name="health">The health checks.</param>
    /// <param name="name">The check's name.</param>
    /// <param name="serverName">The server's name; empty for the one without.</param>
    /// <param name="failureStatus">What a server that is not running is reported as; <see langword="null"/>: unhealthy.</param>
    /// <param name="tags">Tags to filter checks by.</param>
    public static IHealthChecksBuilder AddSmbServer(
        this IHealthChecksBuilder health,
        string name = "smb",
        string serverName = "",
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(health);
        return health.Add(new HealthCheckRegistration(
            name, provider => new SmbServerHealthCheck(provider.GetRequiredKeyedService<SmbServer>(serverName)), failureStatus, tags));
    }
}
