namespace Smb3.Embedded.Storage.Layers;

/// <summary>Names in stores that follow symbolic links.</summary>
internal static class SymbolicLinks
{
    /// <summary>Whether a symbolic link has led from the name to the file; one on the way to the folder does not matter.</summary>
    public static async ValueTask<bool> IsOneAsync(IFileStore store, StorePath path, IStoreFile handle, CancellationToken cancellationToken)
    {
        if (handle is not IFinalPathFile { FinalPath: { } final } || final.Text.Equals(path.Text, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        var opened = await store.OpenAsync(path.Parent, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return true;
        }

        var parent = opened.Value;
        await using var parentUse = parent.ConfigureAwait(false);
        var place = parent is IFinalPathFile { FinalPath: { } known } ? known : parent.Path;
        return !final.Text.Equals(place.Append(path.Name).Text, StringComparison.OrdinalIgnoreCase);
    }
}
