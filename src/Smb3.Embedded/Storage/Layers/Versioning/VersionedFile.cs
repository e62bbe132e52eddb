using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A handle by which data changes only once what it was is kept.</summary>
/// <param name="store">The store.</param>
/// <param name="inner">The handle below.</param>
/// <param name="use">The file, which has this handle among its own.</param>
/// <param name="writes">Whether the handle may read and write.</param>
internal class VersionedFile(VersioningStore store, IStoreFile inner, FileUse use, bool writes) : LayeredFile(inner)
{
    /// <inheritdoc/>
    public override ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        store.Keeper.IsKept(use) ? Inner.WriteAsync(offset, data, cancellationToken) : KeepAndWriteAsync(offset, data, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await Inner.SetLengthAsync(length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.ZeroAsync(offset, length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.TrimAsync(offset, length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.CopyFromAsync(source, sourceOffset, targetOffset, length, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.CloneFromAsync(source, sourceOffset, targetOffset, length, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A file that looks as if it were new has no version kept: so its times do not become those of a new one before it has.</summary>
    public override async ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
    {
        if (store.Keeper.Hides(change))
        {
            await KeepAsync(cancellationToken).ConfigureAwait(false);
        }

        return await Inner.SetMetadataAsync(change, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A reparse point has no data: it is given to what is empty.</summary>
    public override async ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.SetReparsePointAsync(buffer, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What changes a stream is told as a change of its file, which would look as if it were of this interval.</summary>
    public override async ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken)
    {
        if (access == StoreAccess.ReadWrite)
        {
            await KeepAsync(cancellationToken).ConfigureAwait(false);
        }

        return await base.OpenStreamAsync(name, access, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.CreateStreamAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.DeleteStreamAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.RenameStreamAsync(name, newName, replace, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await base.RenameUnnamedStreamAsync(newName, replace, handles, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            store.Keeper.Uses.Close(use, writes);
        }
    }

    /// <inheritdoc/>
    protected override IStoreStream Cover(IStoreStream stream)
    {
        store.Keeper.Uses.Open(use);
        return new VersionedStream(store, stream, use);
    }

    /// <inheritdoc/>
    protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
        store.GetVolumeAsync(cancellationToken);

    private async ValueTask<NtStatus> KeepAndWriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        await KeepAsync(cancellationToken).ConfigureAwait(false);
        return await Inner.WriteAsync(offset, data, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask KeepAsync(CancellationToken cancellationToken)
    {
        if (!store.Keeper.IsKept(use))
        {
            await store.Keeper.KeepAsync(use, writes ? Inner : null, leaves: false, cancellationToken).ConfigureAwait(false);
        }
    }
}
