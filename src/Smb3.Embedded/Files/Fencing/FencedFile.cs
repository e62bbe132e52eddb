using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Fencing;

/// <summary>Takes the place of an open's store handle when the fence is up: an operation that is halfway through gets no further.</summary>
internal sealed class FencedFile(StorePath path) : IStoreFile
{
    private const NtStatus Gone = NtStatus.NetworkNameDeleted;

    /// <inheritdoc/>
    public StorePath Path { get; } = path;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => new(Gone);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;
}
