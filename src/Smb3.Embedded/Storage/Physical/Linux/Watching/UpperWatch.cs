using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>
/// Watches the parent of a watched directory: only there does the kernel report the deletion of a directory that is still open.
/// </summary>
internal sealed class UpperWatch : IWatched, IDisposable
{
    private readonly WatchedTree _tree;
    private int _watch;

    private UpperWatch(WatchedTree tree) => _tree = tree;

    /// <summary>Begins; null when the directory above cannot be watched.</summary>
    public static UpperWatch? Start(WatchedTree tree, FileDescriptor directory)
    {
        using var above = WatchCalls.OpenChild(directory, "..\0"u8, out _);
        var upper = new UpperWatch(tree);
        return above is not null && NotifyQueue.OfProcess.TryAdd(above, WatchEvents.OfDirectory, upper, out upper._watch, out _)
            ? upper
            : null;
    }

    /// <inheritdoc/>
    public void Hear(in WatchEvent happened, WatchRound round)
    {
        if (happened.IsDirectory && happened.IsAny(WatchEvents.Delete | WatchEvents.MovedFrom))
        {
            _tree.Check();
        }
    }

    /// <inheritdoc/>
    public void Lose()
    {
    }

    /// <inheritdoc/>
    public void Dispose() => NotifyQueue.OfProcess.Remove(_watch, this);
}
