using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Hosting.Reload;

namespace Smb3.Embedded.Hosting.Standalone;

/// <summary>What a stand-alone server finds around it, as <c>WebApplication.CreateBuilder</c> has it.</summary>
internal static class StandaloneHost
{
    public static HostApplicationBuilder Create(string[] args)
    {
        var configuration = new ConfigurationManager();
        configuration.AddEnvironmentVariables("DOTNET_");
        configuration.AddCommandLine(args);

        // Not the constructor with the defaults off: a program compiled ahead of time would carry them, a megabyte, all the same.
        var host = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings
        {
            Configuration = configuration,
            ContentRootPath = configuration[HostDefaults.ContentRootKey] ?? Environment.CurrentDirectory,
        });
        var files = new SettingsFiles(configuration);
        var environment = host.Environment;
        foreach (var folder in new[] { AppContext.BaseDirectory, environment.ContentRootPath }.Distinct())
        {
            AddJson(configuration, files, folder, "appsettings.json");
            AddJson(configuration, files, folder, $"appsettings.{environment.EnvironmentName}.json");
        }

        if (environment.IsDevelopment() && SecretsOf(environment) is { } program)
        {
            configuration.AddUserSecrets(program, optional: true, reloadOnChange: false);
        }

        configuration.AddEnvironmentVariables();
        configuration.AddCommandLine(args);
        host.Services.AddSingleton(files);
        host.Services.AddLogging(logging => logging.AddConfiguration(configuration.GetSection("Logging")).AddSimpleConsole());
        host.Services.AddSingleton<IHostLifetime, ServerLifetime>();
        return host;
    }

    /// <summary>
    /// A file that is looked at every few seconds. Not by a watcher of its folder: that watches all folders below too, which here may be those that
    /// clients write to.
    /// </summary>
    private static void AddJson(ConfigurationManager configuration, SettingsFiles files, string folder, string name) =>
        ((IConfigurationBuilder)configuration).Add(new JsonConfigurationSource
        {
            FileProvider = new PhysicalFileProvider(folder) { UsePollingFileWatcher = true, UseActivePolling = true },
            Path = name,
            Optional = true,
            ReloadOnChange = true,
            OnLoadException = files.Keep,
        });

    private static Assembly? SecretsOf(IHostEnvironment environment)
    {
        try
        {
            return environment.ApplicationName is { Length: > 0 } name ? Assembly.Load(new AssemblyName(name)) : null;
        }
        catch (FileNotFoundException)
        {
            return null; // as the framework: no program, no secrets
        }
    }
}
