using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Hosting.Options;

/// <summary>
/// The levels of the log in the configuration, which logging itself reads: what it does not know ends the program with an exception that names
/// no place, and is passed over while the program runs.
/// </summary>
internal static class LogLevels
{
    private const string Levels = "LogLevel";

    /// <summary>All the names, for a message.</summary>
    public static string All { get; } = string.Join(", ", Enum.GetNames<LogLevel>());

    public static bool Exists(string? name) => Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) && Enum.IsDefined(level);

    /// <summary>Looks at the levels of all categories, for every output and for single ones.</summary>
    /// <param name="configuration">The whole configuration.</param>
    /// <exception cref="OptionsValidationException">Some are not known; the failures name each of them.</exception>
    public static void Check(IConfiguration configuration)
    {
        var logging = configuration.GetSection("Logging");
        var wrong = logging.GetChildren().Select(static output => output.GetSection(Levels)).Prepend(logging.GetSection(Levels))
            .SelectMany(static levels => levels.GetChildren())
            .Where(static level => !string.IsNullOrEmpty(level.Value) && !Exists(level.Value))
            .Select(static level => $"{level.Path}: '{level.Value}' is not known; it can be {All}.").ToList();
        if (wrong.Count > 0)
        {
            throw new OptionsValidationException(nameof(LogLevel), typeof(LogLevel), wrong);
        }
    }
}
