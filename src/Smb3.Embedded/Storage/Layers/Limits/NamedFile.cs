namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>A file that is open while one of its names comes or goes, so that what it is charged with is one thing for all who use it.</summary>
internal sealed class NamedFile
{
    private readonly FileCharges _charges;

    private NamedFile(IStoreFile handle, FileCharge charge, FileCharges charges)
    {
        Handle = handle;
        Charge = charge;
        _charges = charges;
    }

    /// <summary>The handle of the store below.</summary>
    public IStoreFile Handle { get; }

    /// <summary>What the file is charged with.</summary>
    public FileCharge Charge { get; }

    /// <summary>Opens what has a name; <see langword="null"/> when nothing has, or when it is a link to what has another.</summary>
    public static async ValueTask<NamedFile?> OpenAsync(
        IFileStore store, FileCharges charges, StorePath path, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return null;
        }

        var handle = opened.Value;
        try
        {
            var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (metadata.Succeeded && !await SymbolicLinks.IsOneAsync(store, path, handle, cancellationToken).ConfigureAwait(false))
            {
                return new NamedFile(handle, charges.Open(metadata.Value.FileId), charges);
            }
        }
        catch
        {
            await handle.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        await handle.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    /// <summary>Closes a file, if there is one.</summary>
    public static async ValueTask CloseAsync(NamedFile? file)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            await file.Handle.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            file._charges.Close(file.Charge);
        }
    }
}
