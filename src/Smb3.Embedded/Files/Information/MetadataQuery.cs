using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>The metadata of a file, as the store has it and as handles see it.</summary>
internal static class MetadataQuery
{
    /// <summary>Size and free space of the volume that the file is on.</summary>
    public static async ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (open.Handle is not IVolumeFile)
        {
            return await open.Volume.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return open.Handle is IVolumeFile file
                ? await file.GetVolumeAsync(cancellationToken).ConfigureAwait(false)
                : await open.Volume.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>
    /// The file's metadata, as handles see it: with times that opens have frozen, and without counting a name that is to be deleted
    /// among the links.
    /// </summary>
    public static async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await open.ShowMetadataAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }

    public static async ValueTask<NtResult<FileMetadata>> ShowMetadataAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        var stored = await open.Data.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!stored.Succeeded)
        {
            return stored;
        }

        var shown = open.File.Times.Show(open.AsOpened(stored.Value));
        return open.IsDeletePending && !open.File.IsStreamDeletePending && shown.LinkCount > 0 && !open.Link!.Removed
            ? shown with { LinkCount = shown.LinkCount - 1 }
            : shown;
    }

    /// <summary>A named stream of a directory is not a directory, whatever its file is.</summary>
    private static FileMetadata AsOpened(this FileOpen open, in FileMetadata metadata) =>
        open.File.IsStream ? metadata with { Attributes = metadata.Attributes & ~FileAttributes.Directory } : metadata;

    /// <summary>The metadata of the whole file, whichever of its streams is open.</summary>
    public static async ValueTask<NtResult<FileMetadata>> GetWholeMetadataAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (!open.File.IsStream)
        {
            return await open.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        }

        var opened = await open.Volume.Store.OpenAsync(open.Path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var stored = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return stored.Succeeded ? open.File.Times.Show(stored.Value) : stored;
    }

    /// <summary>The store's metadata, whose times may differ from those that handles are shown.</summary>
    public static async ValueTask<NtResult<FileMetadata>> GetStoreMetadataAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }
}
