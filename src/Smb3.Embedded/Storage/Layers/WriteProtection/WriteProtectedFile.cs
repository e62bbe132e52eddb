using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.WriteProtection;

/// <summary>A handle by which nothing can be changed.</summary>
internal class WriteProtectedFile(WriteProtectedStore store, IStoreFile inner) : LayeredFile(inner)
{
    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken) =>
        access == StoreAccess.ReadWrite ? new(NtStatus.MediaWriteProtected) : base.OpenStreamAsync(name, access, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> CanDeleteStreamAsync(string name, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetExtendedAttributesAsync(IReadOnlyList<ExtendedAttribute> changes, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetSparseAsync(bool sparse, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetZeroOnDeallocationAsync(CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetShortNamesAsync(ReadOnlyMemory<byte> names, CancellationToken cancellationToken) => Refused;

    /// <inheritdoc/>
    protected override IStoreStream Cover(IStoreStream stream) => new WriteProtectedStream(store, stream);

    /// <inheritdoc/>
    protected override ValueTask<NtResult<VolumeInformation>> GetVolumeOfStoreAsync(CancellationToken cancellationToken) =>
        store.GetVolumeAsync(cancellationToken);

    private static ValueTask<NtStatus> Refused => new(NtStatus.MediaWriteProtected);
}
