using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Observation;

/// <summary>The name of what an operation is about, as it is in the store and not as a client spelled it.</summary>
/// <param name="Path">The file or directory: no links, no short names, the case of what exists.</param>
/// <param name="Stream">The named stream; empty: the data, or the directory itself.</param>
/// <param name="IsDirectory">Whether the path is a directory.</param>
internal readonly record struct FileName(StorePath Path, string Stream, bool IsDirectory)
{
    /// <summary>Where a handle really is.</summary>
    public static StorePath PathOf(IStoreFile handle) =>
        handle is IFinalPathFile { FinalPath: { } known } ? known : handle.Path;

    /// <summary>
    /// The real place of a name in a directory: the name itself is not followed, since it is what appears, disappears or changes.
    /// </summary>
    public static async ValueTask<StorePath> PathOfEntryAsync(IFileStore store, StorePath path, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return path;
        }

        var opened = await store.OpenAsync(path.Parent, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return path;
        }

        var parent = opened.Value;
        await using var parentUse = parent.ConfigureAwait(false);
        return PathOf(parent).Append(path.Name);
    }
}
