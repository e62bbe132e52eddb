using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A store that can report changes made behind the server's back. Optional: without it, clients that watch a directory hear
/// only of what is done through the server.
/// </summary>
public interface IChangeSource
{
    /// <summary>Starts reporting changes in a directory. It may report the server's own changes too; the server ignores those.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="tree">Whether subdirectories are included.</param>
    /// <param name="changed">
    /// Called for each change, from any thread, in order; <see langword="null"/>: changes were lost. When the directory itself is gone, or
    /// has left the store, its own path is reported as removed, and nothing after that. It is quick and never throws.
    /// </param>
    /// <returns>Ends the watch when disposed; <see langword="null"/> when this directory cannot be watched: clients are told so.</returns>
    IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed);
}

/// <summary>A change in a store.</summary>
/// <param name="Action">What happened; a rename is a pair of old and new name.</param>
/// <param name="Path">The name, from the root of the store on.</param>
/// <param name="Filter">The kinds of change that it may be.</param>
public readonly record struct StoreChange(ChangeAction Action, StorePath Path, ChangeFilter Filter);
