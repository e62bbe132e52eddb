using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Notification;

/// <summary>A directory that is watched: an open of it.</summary>
internal interface IWatchedDirectory
{
    /// <summary>Where it is now.</summary>
    StorePath Path { get; }

    /// <summary>How names are compared there.</summary>
    StringComparison NameComparison { get; }

    /// <summary>Whether the watcher is told only of what a listing shows it (access-based enumeration).</summary>
    bool HidesUnreadable { get; }

    /// <summary>Whether a listing shows the watcher the name <paramref name="path"/>.</summary>
    ValueTask<bool> ShowsAsync(StorePath path);
}
