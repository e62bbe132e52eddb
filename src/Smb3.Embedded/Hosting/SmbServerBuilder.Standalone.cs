using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Hosting.CommandLine;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Reload;
using Smb3.Embedded.Hosting.Standalone;

namespace Smb3.Embedded;

/// <content>How a stand-alone server begins, is built, and runs as a program.</content>
public sealed partial class SmbServerBuilder
{
    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The server belongs to a host, whose container it has.</exception>
    public void ConfigureContainer<TContainerBuilder>(
        IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull => StandsAlone().ConfigureContainer(factory, configure);

    /// <summary>Builds the server. Its services are disposed with it; the hosted ones among them start with it.</summary>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">
    /// Settings are invalid; the failures name each of them and say what to do.
    /// </exception>
    /// <exception cref="InvalidDataException">A file of settings cannot be read.</exception>
    /// <exception cref="InvalidOperationException">
    /// It has built a server already, or belongs to a host, which builds the server itself.
    /// </exception>
    public SmbServer Build()
    {
        var builder = StandsAlone();
        if (_built)
        {
            throw new InvalidOperationException("A builder builds one server; begin another for the next.");
        }

        _built = true;
        LogLevels.Check(Configuration);
        var host = builder.Build();
        try
        {
            return host.Services.GetRequiredService<SettingsFiles>().Problems is { Count: > 0 } problems
                ? throw new InvalidDataException(string.Join(' ', problems))
                : host.Services.GetRequiredService<SmbServer>();
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Builds the server and runs it as a program: until the process is asked to end, or the token is cancelled. What keeps it from starting is
    /// written to standard error, in words and without a stack trace.
    /// </summary>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>The exit code of the program: 0 when it was stopped, otherwise that of the <see cref="SmbStartProblem"/>.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            var server = Build();
            await using (server.ConfigureAwait(false))
            {
                await server.RunAsync(cancellationToken).ConfigureAwait(false);
            }

            return 0;
        }
        catch (Exception e) when (SmbStartProblem.Find(e) is { } problem)
        {
            foreach (var message in problem.Messages)
            {
                await Console.Error.WriteLineAsync(message).ConfigureAwait(false);
            }

            return problem.ExitCode;
        }
    }

    internal static SmbServerBuilder CreateStandalone(string[]? args)
    {
        var line = CommandLineReader.Read(args ?? []);
        var host = StandaloneHost.Create(line.Others);
        host.Configuration.AddInMemoryCollection(line.RootSettings);
        var builder = new SmbServerBuilder(string.Empty, host.Services, host.Configuration, host);
        builder.Bind(host.Configuration.GetSection(SectionName));

        // By itself, after the section: lists of the command line replace those of the configuration, where layers of it would mix them.
        return builder.Configure(line.Apply);
    }

    private HostApplicationBuilder StandsAlone() => _host
        ?? throw new InvalidOperationException("This server belongs to a host, which builds and starts it; ask its services for it.");

    private SmbServer Create(IServiceProvider services)
    {
        var source = new SettingsSource(Name, services);
        return new SmbServer(
            Name,
            source.Read(),
            services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance,
            services.GetService<IMeterFactory>(),
            _host is null ? null : new ProgramHost(services.GetRequiredService<IHost>()),
            source)
        {
            Companions = [.. _companions.Select(companion => companion(services))],
        };
    }
}
