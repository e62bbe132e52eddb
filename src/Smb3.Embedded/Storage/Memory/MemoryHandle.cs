using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Memory;

/// <summary>An open handle on a node. Everything completes at once.</summary>
internal sealed class MemoryHandle(StorePath path, MemoryNode node) : IStoreFile, ISecurableFile
{
    private int _closed;

    /// <inheritdoc/>
    public StorePath Path => path;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) => new(node.GetMetadata());

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
    {
        node.SetMetadata(change);
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        new(node is MemoryFileNode file ? file.Read(offset, buffer.Span) : NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        new(node is MemoryFileNode file ? file.Write(offset, data) : NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
        new(node is MemoryFileNode file ? file.SetLength(length) : NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) =>
        new(node is MemoryFileNode file ? file.Reserve(size) : NtStatus.InvalidDeviceRequest);

    /// <summary>Memory never survives a loss of power; there is nothing to wait for.</summary>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(node is MemoryDirectory directory
            ? new NtResult<IStoreListing>(new MemoryListing(directory))
            : NtStatus.NotADirectory);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken) =>
        new(node.GetSecurityDescriptor());

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken)
    {
        node.SetSecurityDescriptor(descriptor);
        return new(NtStatus.Success);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _closed, 1) == 0)
            node.Close();
        return ValueTask.CompletedTask;
    }
}

/// <summary>A listing in name order that continues behind the last name it gave, whatever changed meanwhile.</summary>
internal sealed class MemoryListing(MemoryDirectory directory) : IStoreListing
{
    private MemoryLink? _last;

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken) =>
        new(directory.Read(ref _last, entries.Span));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
