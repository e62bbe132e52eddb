using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Parts;

/// <summary>
/// A part of a store that reports changes made behind the server's back: what happens at a seam or behind it is told by who has that part.
/// </summary>
internal sealed class WatchedPartStore(IFileStore store, IChangeSource source, Territory territory) : PartStore(store, territory), IChangeSource
{
    /// <inheritdoc/>
    public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) =>
        source.Watch(ToStore(directory), tree, change =>
        {
            if (change is not { } one)
            {
                changed(null);
                return;
            }

            var path = FromStore(one.Path);
            if (!Territory.TryFindSeam(path.Text, out _, out _))
            {
                changed(one with { Path = path });
            }
        });
}
