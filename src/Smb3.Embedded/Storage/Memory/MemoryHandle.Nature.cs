using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

// Holes, copies, compression, reparse points and object ids.
internal partial class MemoryHandle
    : ISparseFile, ICopyTarget, ICloneTarget, ICompressibleFile, IReparseFile, IObjectIdFile
{
    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSparseAsync(bool sparse, CancellationToken cancellationToken) => new(node.SetSparse(stream, sparse));

    /// <inheritdoc/>
    public ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken) =>
        new(node.Zero(stream, offset, length));

    /// <inheritdoc/>
    public ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) =>
        ZeroAsync(offset, length, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken) =>
        new(node.FindAllocated(stream, offset));

    /// <inheritdoc/>
    public ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        CloneFromAsync(source, sourceOffset, targetOffset, length, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken) =>
        new(source is MemoryHandle from ? from.CopyTo(this, sourceOffset, targetOffset, length) : NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken)
    {
        node.IsCompressed = compressed;
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken) =>
        new(node.GetReparsePoint() is { IsEmpty: false } buffer
            ? new NtResult<ReadOnlyMemory<byte>>(buffer)
            : NtStatus.NotAReparsePoint);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        new(node.SetReparsePoint(buffer));

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken)
    {
        if (node.GetReparsePoint().IsEmpty)
        {
            return new(NtStatus.NotAReparsePoint);
        }

        return new(node.SetReparsePoint(default));
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(CancellationToken cancellationToken) => new(node.GetObjectId());

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) =>
        new(node.SetObjectId(buffer));

    private NtStatus CopyTo(MemoryHandle target, long sourceOffset, long targetOffset, long length) =>
        target.CopyFrom(node, stream, sourceOffset, targetOffset, length);

    private NtStatus CopyFrom(MemoryNode from, MemoryNamedStream? fromStream, long sourceOffset, long targetOffset, long length) =>
        MemoryNode.Copy(from, fromStream, sourceOffset, node, stream, targetOffset, length);
}
