using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace Smb3.Embedded.Hosting.Standalone;

/// <summary>The environment of the host that a server is added to, as far as it is known before that is built.</summary>
internal sealed class HostedEnvironment : IHostEnvironment
{
    public string EnvironmentName { get; set; } = Environments.Production;

    public string ApplicationName { get; set; } = System.Reflection.Assembly.GetEntryAssembly()?.GetName().Name ?? string.Empty;

    public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

    public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();

    public static IHostEnvironment Of(IServiceCollection services) =>
        services.LastOrDefault(static service => service.ServiceType == typeof(IHostEnvironment))?.ImplementationInstance as IHostEnvironment
        ?? new HostedEnvironment();
}
