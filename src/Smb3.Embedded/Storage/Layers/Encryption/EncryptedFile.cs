using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>A handle whose data is encrypted below.</summary>
/// <param name="store">The store.</param>
/// <param name="inner">The handle below.</param>
/// <param name="file">What it has in common with others on the file, which counts it.</param>
/// <param name="access">What the handle below was opened for.</param>
internal class EncryptedFile(EncryptedStore store, IStoreFile inner, SharedFile file, StoreAccess access) : LayeredFile(inner)
{
    private readonly EncryptedData _data = new(store, inner, file, access != StoreAccess.Metadata);

    /// <inheritdoc/>
    public override NtResult<FileMetadata>? MetadataAsOpened => base.MetadataAsOpened switch
    {
        null => null,
        { Succeeded: false } failed => failed,
        { Value: { Length: > 0 and < EncryptedLayout.HeaderLength } } => null, // it must be looked at
        { Value: var metadata } => EncryptedLayout.Show(metadata),
    };

    /// <inheritdoc/>
    public override async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var metadata = await Inner.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded ? await _data.ShowAsync(metadata.Value, cancellationToken).ConfigureAwait(false) : metadata;
    }

    /// <inheritdoc/>
    public override ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        _data.ReadAsync(offset, buffer, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        data.IsEmpty ? new(NtStatus.Success)
            : offset > store.Traits.MaxFileLength - data.Length ? new(NtStatus.FileTooLarge)
            : EncryptedWriting.WriteAsync(_data, offset, data, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
        length > store.Traits.MaxFileLength ? new(NtStatus.FileTooLarge) : EncryptedWriting.SetLengthAsync(_data, length, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
        size > store.Traits.MaxFileLength ? new(NtStatus.FileTooLarge) : Inner.AllocateAsync(EncryptedLayout.OuterLengthOf(size), cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken)
    {
        var started = await Inner.ListAsync(cancellationToken).ConfigureAwait(false);
        return started.Succeeded ? new EncryptedListing(started.Value) : started;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken)
    {
        var streams = await base.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        return !streams.Succeeded ? streams : new NtResult<IReadOnlyList<StoreStreamEntry>>([.. streams.Value.Select(static stream => stream with
        {
            Length = EncryptedLayout.LengthOf(stream.Length),
            AllocationSize = EncryptedLayout.AllocationOf(stream.Length, stream.AllocationSize),
        })]);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken)
    {
        if (Inner is not IStreamedFile streamed)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var opened = await streamed.OpenStreamAsync(name, access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? new NtResult<IStoreStream>(Cover(opened.Value, access)) : opened;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken)
    {
        // A stream may become the file's own data, for handles that know another header.
        using var turn = await file.Ranges.EnterAsync(0, long.MaxValue, isShared: false, cancellationToken).ConfigureAwait(false);
        try
        {
            return await base.RenameStreamAsync(name, newName, replace, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            file.Renew();
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken)
    {
        using var turn = await file.Ranges.EnterAsync(0, long.MaxValue, isShared: false, cancellationToken).ConfigureAwait(false);
        try
        {
            return await base.RenameUnnamedStreamAsync(newName, replace, handles, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            file.Renew();
        }
    }

    /// <inheritdoc/>
    public override ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken) =>
        Inner is ISparseFile ? EncryptedWriting.ZeroAsync(_data, offset, length, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) =>
        Inner is ISparseFile ? EncryptedWriting.TrimAsync(_data, offset, length, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken)
    {
        var metadata = await GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (offset >= metadata.Value.Length)
        {
            return new StoreRange(offset, 0);
        }

        var found = await base.FindAllocatedAsync(EncryptedLayout.HeaderLength + offset, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded || found.Value.Length == 0)
        {
            return found.Succeeded ? new StoreRange(offset, 0) : found;
        }

        // What lies behind the data only says how long it is.
        var begin = Math.Max(0, found.Value.Offset - EncryptedLayout.HeaderLength);
        var end = Math.Min(metadata.Value.Length, found.Value.End - EncryptedLayout.HeaderLength);
        return begin < end ? new StoreRange(begin, end - begin) : new StoreRange(offset, 0);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(long offset, CancellationToken cancellationToken)
    {
        var found = await base.FindExtentsAsync(EncryptedLayout.HeaderLength + offset, cancellationToken).ConfigureAwait(false);
        return found.Succeeded ? new NtResult<IReadOnlyList<StoreExtent>>([.. found.Value.Select(WithoutHeader)]) : found;
    }

    /// <summary>Blocks are encrypted for their place in their file: the server reads and writes them.</summary>
    public override ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) => new(NtStatus.NotSupported);

    /// <summary>Blocks are encrypted for their place in their file, and are nobody else's.</summary>
    public override ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) => new(NtStatus.InvalidDeviceRequest);

    /// <summary>What is encrypted does not become shorter.</summary>
    public override ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken) => new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        try
        {
            await base.DisposeAsync().ConfigureAwait(false);
        }
        finally
        {
            _data.Dispose();
            store.Files.Close(file);
        }
    }

    /// <inheritdoc/>
    protected override IStoreStream Cover(IStoreStream stream) => Cover(stream, StoreAccess.ReadWrite);

    /// <inheritdoc/>
    protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
        store.GetVolumeAsync(cancellationToken);

    private static StoreExtent WithoutHeader(StoreExtent extent)
    {
        var begin = extent.Offset - EncryptedLayout.HeaderLength;
        var cut = Math.Max(0, -begin);
        return new StoreExtent(begin + cut, extent.Length - cut, extent.Place < 0 ? extent.Place : extent.Place + cut);
    }

    private EncryptedStream Cover(IStoreStream stream, StoreAccess access)
    {
        store.Files.Join(file);
        return new EncryptedStream(store, stream, file, access);
    }
}
