using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Holes, copies, compression, reparse points and object ids.
internal partial class MemoryHandle
    : ISparseFile, ICopyTarget, ICloneTarget, ICompressibleFile, IReparseFile, IObjectIdFile, IShortNameDirectory, IExtentFile, IErasingFile
{
    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSparseAsync(bool sparse, CancellationToken cancellationToken) => new(Content.SetSparse(sparse));

    /// <inheritdoc/>
    public ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken) =>
        new(Content.Zero(offset, length));

    /// <inheritdoc/>
    public ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) =>
        ZeroAsync(offset, length, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken) =>
        new(Content.FindAllocated(offset));

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(long offset, CancellationToken cancellationToken) =>
        new(new NtResult<IReadOnlyList<StoreExtent>>(Content.FindExtents(offset)));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetZeroOnDeallocationAsync(CancellationToken cancellationToken) => new(Content.Erase());

    /// <inheritdoc/>
    public ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        CloneFromAsync(source, sourceOffset, targetOffset, length, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        new(source is MemoryHandle from ? Content.CopyFrom(from.Content, sourceOffset, targetOffset, length) : NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken)
    {
        node.IsCompressed = compressed;
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken) =>
        new(node.GetValues().ReparsePoint is { IsEmpty: false } buffer
            ? new NtResult<ReadOnlyMemory<byte>>(buffer)
            : NtStatus.NotAReparsePoint);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        new(node.SetReparsePoint(buffer));

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken)
    {
        if (node.GetValues().ReparsePoint.IsEmpty)
        {
            return new(NtStatus.NotAReparsePoint);
        }

        return new(node.SetReparsePoint(default));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(CancellationToken cancellationToken) => new(node.GetValues().ObjectId);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        new(node.SetObjectId(buffer));

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetShortNamesAsync(CancellationToken cancellationToken) => new(node.GetValues().ShortNames);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetShortNamesAsync(ReadOnlyMemory<byte> names, CancellationToken cancellationToken) =>
        new(node.SetShortNames(names));
}
