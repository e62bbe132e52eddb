using System.Text.Json;
using System.Text.Json.Serialization;
using Smb3.Embedded.LoadTest.Measuring;

namespace Smb3.Embedded.LoadTest.Reporting;

/// <summary>When, where and how rows were measured.</summary>
internal sealed record RunFacts(DateTimeOffset When, string Machine, string Command)
{
    public static RunFacts Now(IEnumerable<string> arguments)
    {
        var model = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo")
                .FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(": ")[^1]
            : null;
        var system = $"{Environment.OSVersion.VersionString}, .NET {Environment.Version}";
        var machine = $"{model ?? "unknown processor"}, {Environment.ProcessorCount} cores, {system}";
        return new(DateTimeOffset.UtcNow, machine, Masked(arguments));
    }

    /// <summary>Without passwords.</summary>
    private static string Masked(IEnumerable<string> arguments) =>
        string.Join(' ', arguments.Select(argument =>
            argument.Contains('=') && argument.Split(',') is { Length: 5 } parts ? parts[0] : argument));
}

/// <summary>Everything that was measured, for other programs.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    public static string Write(RunFacts facts, IReadOnlyList<Row> rows) => JsonSerializer.Serialize(new { facts, rows }, Options);
}
