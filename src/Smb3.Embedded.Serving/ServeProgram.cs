using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Smb3.Embedded.Serving;

/// <summary>
/// A server as a program. Scripts rely on its options, on the lines <c>listening on …</c> of standard output, and on its exit codes: 0 when it
/// was stopped, otherwise those of <see cref="SmbStartProblem"/>.
/// </summary>
public sealed class ServeProgram
{
    private readonly ServeArguments _arguments;
    private readonly ParseResult _parsed;
    private readonly DemoSettings _demo;

    private ServeProgram(ServeArguments arguments, ParseResult parsed)
    {
        _arguments = arguments;
        _parsed = parsed;
        WindowsService.EnterProgramFolder();
        _demo = new DemoSettings(Environment.CurrentDirectory);
    }

    /// <summary>Makes a command one that serves.</summary>
    /// <param name="command">The command, which gets the options of a server.</param>
    /// <param name="defaults">What it does when nothing is said.</param>
    public static void AddTo(Command command, ServeDefaults? defaults = null)
    {
        ArgumentNullException.ThrowIfNull(command);
        var arguments = new ServeArguments(command, defaults ?? new ServeDefaults());
        command.SetAction((parsed, _) => new ServeProgram(arguments, parsed).RunAsync());
    }

    private async Task<int> RunAsync()
    {
        if (_arguments.ConvertAppleDouble(_parsed) is { } folder)
        {
            return await AppleDoubleCommand.RunAsync(folder).ConfigureAwait(false);
        }

        if (_arguments.MakeUserEntry(_parsed) is { } user)
        {
            return await UserEntryCommand.RunAsync(user).ConfigureAwait(false);
        }

        if (ServeArguments.HasPasswords(_parsed))
        {
            await Console.Error.WriteLineAsync("warn: everybody on this machine can see the passwords of --user; use --users-file.").ConfigureAwait(false);
        }

        try
        {
            var server = Build();
            await using (server.ConfigureAwait(false))
            {
                await ServeAsync(server).ConfigureAwait(false);
            }

            return 0;
        }
        catch (Exception e) when (SmbStartProblem.Find(e) is { } problem)
        {
            foreach (var message in problem.Messages)
            {
                await Console.Error.WriteLineAsync(message).ConfigureAwait(false);
            }

            WindowsService.Report(problem);
            return problem.ExitCode;
        }
    }

    private SmbServer Build()
    {
        var builder = SmbServer.CreateBuilder(_arguments.Settings(_parsed));

        // Standard output is for what scripts read; the log goes beside it.
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        if (_arguments.Folder(_parsed) is { } shared)
        {
            builder.AddShare(NameOf(shared), shared.FullName);
        }

        builder.Configure(_demo.Apply);
        builder.UseSqliteState();
        builder.UsePostgreSqlCluster();
        builder.UseLdapAccounts();
        builder.UseConfiguredWinbind();
        if (_arguments.Discovery(_parsed))
        {
            builder.Configuration.AddInMemoryCollection([new($"{DiscoveryBuilderExtensions.SectionName}:Enabled", "true")]);
        }

        builder.UseConfiguredDiscovery();
        if (_arguments.Control(_parsed, builder.Configuration) is { } control)
        {
            builder.Configuration.AddInMemoryCollection(control);
        }

        builder.UseConfiguredControl();
        WindowsService.AddTo(builder);
        return builder.Build();
    }

    private async Task ServeAsync(SmbServer server)
    {
        await server.StartAsync().ConfigureAwait(false);

        // From here on a signal drains; only then scripts may learn that the server is there.
        var ended = server.WaitForShutdownAsync();
        foreach (var endPoint in server.EndPoints)
        {
            Console.WriteLine($"listening on {endPoint}");
        }

        using var reload = new ReloadSignal(server);
        using var collection = new IdleCollection();
        string[] shares = [.. server.Shares.Where(share => !share.IsNamespace).Select(share => share.Name), .. server.Namespaces.Select(space => space.Name)];
        ConnectInstructions.Print(Console.Out, server.EndPoints, shares, _demo.Password is null ? "USER" : DemoSettings.User, _demo.Password);
        await ended.ConfigureAwait(false);
    }

    /// <summary>A folder's own name; that of a disk is none that a share can have.</summary>
    private static string NameOf(DirectoryInfo folder) => folder.Parent is null ? "root" : Path.TrimEndingDirectorySeparator(folder.Name);
}
