using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>
/// The files that settings come from. One that cannot be read, because it is half written, deleted or malformed, looks to configuration as if it
/// had no settings: without this, a slip of an editor would remove all users and shares.
/// </summary>
internal sealed class SettingsFiles(IConfigurationRoot? configuration)
{
    private readonly ConcurrentDictionary<string, string> _problems = new(StringComparer.Ordinal);
    private HashSet<FileConfigurationProvider> _withSettings = [];

    /// <summary>Why files could not be read.</summary>
    public IReadOnlyCollection<string> Problems => [.. _problems.Values];

    /// <summary>Keeps the problem, and goes on without the file.</summary>
    public void Keep(FileLoadExceptionContext context)
    {
        Keep(PathOf(context.Provider), context.Exception);
        context.Ignore = true;
    }

    /// <summary>Keeps the problem of a file whose reader does not say which one it is.</summary>
    public void Keep(string file, Exception exception) => _problems[file] = $"{exception.Message} {exception.InnerException?.Message}".TrimEnd();

    /// <summary>
    /// The files that could not be read since the last call, and those that had settings when <see cref="Remember"/> was called and have none now.
    /// </summary>
    public IReadOnlyList<(string File, string Problem)> Lost()
    {
        var lost = new List<(string File, string Problem)>();
        foreach (var (file, problem) in _problems)
        {
            _problems.TryRemove(file, out _);
            lost.Add((file, problem));
        }

        foreach (var file in _withSettings.Where(static provider => !HasSettings(provider)).Select(PathOf))
        {
            if (!lost.Exists(one => one.File == file))
            {
                lost.Add((file, "it cannot be read, is empty or is gone"));
            }
        }

        return lost;
    }

    /// <summary>Remembers which files have settings.</summary>
    public void Remember() => _withSettings = configuration is null
        ? [] : [.. configuration.Providers.OfType<FileConfigurationProvider>().Where(HasSettings)];

    private static bool HasSettings(FileConfigurationProvider provider) => provider.GetChildKeys([], null).Any();

    private static string PathOf(FileConfigurationProvider provider) =>
        provider.Source.FileProvider?.GetFileInfo(provider.Source.Path ?? string.Empty).PhysicalPath ?? provider.Source.Path ?? "a file";
}
