using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers;

/// <summary>
/// A handle on one of the store below. It has the interfaces of all abilities; one that the handle below has not got is answered with what the
/// server answers clients of a handle that does not implement it.
/// </summary>
internal abstract class LayeredFile(IStoreFile inner)
    : IDeferredFile, IOpenedFile, IFinalPathFile, IFaultyFile, IVolumeFile, ISecurableFile, IStreamedFile, IUnnamedStreamFile, IExtendedAttributeFile,
        ISparseFile, IExtentFile, IErasingFile, ICopyTarget, ICloneTarget, ICompressibleFile, IReparseFile, IObjectIdFile, IPosixFile, IShortNameDirectory
{
    /// <summary>The handle below.</summary>
    public IStoreFile Inner { get; } = inner;

    /// <inheritdoc/>
    public virtual StorePath Path => Inner.Path;

    /// <inheritdoc/>
    public virtual StorePath? FinalPath => (Inner as IFinalPathFile)?.FinalPath;

    /// <inheritdoc/>
    public virtual NtResult<FileMetadata>? MetadataAsOpened => (Inner as IOpenedFile)?.MetadataAsOpened;

    /// <inheritdoc/>
    public NtResult<ReadOnlyMemory<byte>>? DescriptorAsOpened => (Inner as IOpenedFile)?.DescriptorAsOpened;

    /// <summary>The handle of the store below that a handle of this store lies on.</summary>
    public static IStoreFile Uncover(IStoreFile handle) => handle is LayeredFile layered ? layered.Inner : handle;

    /// <inheritdoc/>
    public void ForgetOpening() => (Inner as IOpenedFile)?.ForgetOpening();

    /// <inheritdoc/>
    public void ReportDescriptor() => (Inner as IFaultyFile)?.ReportDescriptor();

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) => Inner.GetMetadataAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
        Inner.SetMetadataAsync(change, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        Inner.ReadAsync(offset, buffer, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        Inner.WriteAsync(offset, data, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => Inner.SetLengthAsync(length, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) => Inner.AllocateAsync(size, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => Inner.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => Inner.ListAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> CompleteAsync(CancellationToken cancellationToken) =>
        Inner is IDeferredFile deferred ? deferred.CompleteAsync(cancellationToken) : new(NtStatus.Success);

    /// <inheritdoc/>
    public virtual ValueTask DisposeAsync() => Inner.DisposeAsync();

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        Inner is IVolumeFile file ? file.GetVolumeAsync(cancellationToken) : GetVolumeOfStoreAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken) =>
        Inner is ISecurableFile file ? file.GetSecurityDescriptorAsync(cancellationToken) : new(ReadOnlyMemory<byte>.Empty);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        Inner is ISecurableFile file ? file.SetSecurityDescriptorAsync(descriptor, cancellationToken) : new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public virtual async ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken)
    {
        if (Inner is not IStreamedFile file)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var opened = await file.OpenStreamAsync(name, access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? new NtResult<IStoreStream>(Cover(opened.Value)) : opened;
    }

    /// <inheritdoc/>
    public virtual async ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken)
    {
        if (Inner is not IStreamedFile file)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var made = await file.CreateStreamAsync(name, cancellationToken).ConfigureAwait(false);
        return made.Succeeded ? new NtResult<IStoreStream>(Cover(made.Value)) : made;
    }

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken) =>
        Inner is IStreamedFile file ? file.ListStreamsAsync(cancellationToken) : new(new NtResult<IReadOnlyList<StoreStreamEntry>>([]));

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken) =>
        Inner is IStreamedFile file ? file.RenameStreamAsync(name, newName, replace, cancellationToken) : new(NtStatus.InvalidParameter);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) =>
        Inner is IStreamedFile file ? file.DeleteStreamAsync(name, cancellationToken) : new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> CanDeleteStreamAsync(string name, CancellationToken cancellationToken) =>
        Inner is IStreamedFile file ? file.CanDeleteStreamAsync(name, cancellationToken) : new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public virtual async ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken)
    {
        if (Inner is not IUnnamedStreamFile file)
        {
            return NtStatus.InvalidParameter;
        }

        var named = await file.RenameUnnamedStreamAsync(newName, replace, handles, cancellationToken).ConfigureAwait(false);
        return named.Succeeded ? new NtResult<IReadOnlyList<IStoreStream>>([.. named.Value.Select(Cover)]) : named;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<ExtendedAttribute>>> GetExtendedAttributesAsync(CancellationToken cancellationToken) =>
        Inner is IExtendedAttributeFile file ? file.GetExtendedAttributesAsync(cancellationToken) : new(NtStatus.EasNotSupported);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetExtendedAttributesAsync(IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken) =>
        Inner is IExtendedAttributeFile file ? file.SetExtendedAttributesAsync(changes, cancellationToken) : new(NtStatus.EasNotSupported);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetSparseAsync(bool sparse, CancellationToken cancellationToken) =>
        Inner is ISparseFile file ? file.SetSparseAsync(sparse, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken) =>
        Inner is ISparseFile file ? file.ZeroAsync(offset, length, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) =>
        Inner is ISparseFile file ? file.TrimAsync(offset, length, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken) =>
        Inner is ISparseFile file ? file.FindAllocatedAsync(offset, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(long offset, CancellationToken cancellationToken) =>
        Inner is IExtentFile file ? file.FindExtentsAsync(offset, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetZeroOnDeallocationAsync(CancellationToken cancellationToken) =>
        Inner is IErasingFile file ? file.SetZeroOnDeallocationAsync(cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        Inner is ICopyTarget file ? file.CopyFromAsync(Uncover(source), sourceOffset, targetOffset, length, cancellationToken) : new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        Inner is ICloneTarget file
            ? file.CloneFromAsync(Uncover(source), sourceOffset, targetOffset, length, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken) =>
        Inner is ICompressibleFile file ? file.SetCompressedAsync(compressed, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken) =>
        Inner is IReparseFile file ? file.GetReparsePointAsync(cancellationToken) : new(NtStatus.NotAReparsePoint);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        Inner is IReparseFile file ? file.SetReparsePointAsync(buffer, cancellationToken) : new(NtStatus.InvalidParameter);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken) =>
        Inner is IReparseFile file ? file.DeleteReparsePointAsync(cancellationToken) : new(NtStatus.NotAReparsePoint);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(CancellationToken cancellationToken) =>
        Inner is IObjectIdFile file ? file.GetObjectIdAsync(cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        Inner is IObjectIdFile file ? file.SetObjectIdAsync(buffer, cancellationToken) : new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken) =>
        Inner is IPosixFile file ? file.SetUnixModeAsync(mode, cancellationToken) : new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetShortNamesAsync(CancellationToken cancellationToken) =>
        Inner is IShortNameDirectory directory ? directory.GetShortNamesAsync(cancellationToken) : new(ReadOnlyMemory<byte>.Empty);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetShortNamesAsync(ReadOnlyMemory<byte> names, CancellationToken cancellationToken) =>
        Inner is IShortNameDirectory directory ? directory.SetShortNamesAsync(names, cancellationToken) : new(NtStatus.ShortNamesNotEnabledOnVolume);

    /// <summary>A handle of this store on a stream of the store below.</summary>
    protected abstract IStoreStream Cover(IStoreStream stream);

    /// <summary>What the whole store says of the volume, for handles below that do not know better.</summary>
    protected abstract ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken);
}
