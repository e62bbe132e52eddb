using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Hosting.CommandLine;

/// <summary>Sorts arguments into those that are the server's, by <see cref="SmbCommandLine.Options"/>, and those that are the framework's.</summary>
internal static class CommandLineReader
{
    public static CommandLineSettings Read(string[] args)
    {
        var (server, root, others) = (new Dictionary<string, string?>(), new Dictionary<string, string?>(), new List<string>());
        var (counts, failures) = (new Dictionary<string, int>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            var cut = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = cut < 0 ? args[i] : args[i][..cut];
            if (SmbCommandLine.Options.FirstOrDefault(option => option.Name == name) is not { } option)
            {
                others.Add(args[i]);
                continue;
            }

            if (cut < 0 && i + 1 == args.Length)
            {
                failures.Add($"{name}: its value is missing; write {name} {option.ValueName}.");
                continue;
            }

            var value = cut < 0 ? args[++i] : args[i][(cut + 1)..];
            var count = counts[option.Setting] = counts.GetValueOrDefault(option.Setting) + 1;
            if (!option.IsList && count > 1)
            {
                failures.Add($"{name}: it is there twice; give it once.");
            }

            (option.IsOfServer ? server : root)[option.IsList
                ? string.Create(CultureInfo.InvariantCulture, $"{option.Setting}:{count - 1}") : option.Setting] = value;
        }

        const string LogLevel = "Logging:LogLevel:Default";
        if (root.TryGetValue(LogLevel, out var level) && !LogLevels.Exists(level))
        {
            root.Remove(LogLevel); // logging would not say what it was
            failures.Add($"--log-level: '{level}' is not known; it can be {LogLevels.All}.");
        }

        return new CommandLineSettings(new ConfigurationBuilder().AddInMemoryCollection(server).Build(), root, [.. others], failures);
    }
}

/// <summary>What was said on the command line.</summary>
/// <param name="Settings">The settings of the server, as its section has them.</param>
/// <param name="RootSettings">Settings that are not in its section.</param>
/// <param name="Others">Arguments that are none of these options.</param>
/// <param name="Failures">What was wrong: an option without a value, or given twice.</param>
internal sealed record CommandLineSettings(
    IConfiguration Settings, IReadOnlyDictionary<string, string?> RootSettings, string[] Others, IReadOnlyList<string> Failures)
{
    /// <summary>Applies the settings of the server.</summary>
    /// <exception cref="OptionsValidationException">Something was wrong.</exception>
    public void Apply(SmbServerOptions options)
    {
        if (Failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(SmbServerOptions), typeof(SmbServerOptions), Failures);
        }

        options.Bind(Settings);
    }
}
