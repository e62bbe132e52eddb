using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>What can be said of a deletion from outside a store, by looking.</summary>
internal static class Deletability
{
    /// <inheritdoc cref="IFileStore.CanDeleteAsync"/>
    public static async ValueTask<NtStatus> AskAsync(IFileStore store, StorePath path, CancellationToken cancellationToken)
    {
        if (store.Traits.Has(StoreAbilities.ReadOnly))
        {
            return NtStatus.MediaWriteProtected;
        }

        if (path.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded || !metadata.Value.IsDirectory)
        {
            return metadata.Status;
        }

        var listed = await AnyListedAsync(handle, cancellationToken).ConfigureAwait(false);
        return !listed.Succeeded ? listed.Status : listed.Value ? NtStatus.DirectoryNotEmpty : NtStatus.Success;
    }

    /// <summary>Whether a directory has anything that it lists.</summary>
    public static async ValueTask<NtResult<bool>> AnyListedAsync(IStoreFile directory, CancellationToken cancellationToken)
    {
        var listing = await directory.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!listing.Succeeded)
        {
            return listing.Status;
        }

        var entries = listing.Value;
        await using var entriesUse = entries.ConfigureAwait(false);
        var one = await entries.ReadAsync(new StoreEntry[1], cancellationToken).ConfigureAwait(false);
        return one.Succeeded ? one.Value > 0 : one.Status;
    }
}
