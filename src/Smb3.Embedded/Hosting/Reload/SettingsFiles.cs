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
    /// The files that had settings when <see cref="Remember"/> was called and have none now, and those that could not be read when all were read again.
    /// A file that could not be read while it was written, and can be now, is none of them.
    /// </summary>
    /// <param name="refreshed">Whether all files were read again since <see cref="Forget"/>: one that cannot be read keeps its old settings then.</param>
    public IReadOnlyList<(string File, string Problem)> Lost(bool refreshed)
    {
        var without = _withSettings.Where(static provider => !HasSettings(provider)).Select(PathOf).ToList();
        var lost = new List<(string File, string Problem)>();
        foreach (var (file, problem) in _problems)
        {
            _problems.TryRemove(file, out _);
            if (refreshed || without.Contains(file))
            {
                lost.Add((file, problem));
            }
        }

        foreach (var file in without)
        {
            if (!lost.Exists(one => one.File == file))
            {
                lost.Add((file, "it cannot be read, is empty or is gone"));
            }
        }

        return lost;
    }

    /// <summary>Forgets what could not be read.</summary>
    public void Forget() => _problems.Clear();

    /// <summary>Remembers which files have settings.</summary>
    public void Remember() => _withSettings = configuration is null
        ? [] : [.. configuration.Providers.OfType<FileConfigurationProvider>().Where(HasSettings)];

    private static bool HasSettings(FileConfigurationProvider provider) => provider.GetChildKeys([], null).Any();

    private static string PathOf(FileConfigurationProvider provider) =>
        provider.Source.FileProvider?.GetFileInfo(provider.Source.Path ?? string.Empty).PhysicalPath ?? provider.Source.Path ?? "a file";
}
