using System.Buffers;
using System.Buffers.Binary;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Parts;

/// <summary>
/// A handle of the folder at a seam: like a link of a namespace, a reparse point with the tag IO_REPARSE_TAG_DFS. What is in it, and what may
/// be changed of it, is for who has the part.
/// </summary>
/// <param name="folder">The folder as the store has it.</param>
internal sealed class SeamFolder(IStoreFile folder) : IStoreFile, ISecurableFile, IReparseFile
{
    /// <summary>IO_REPARSE_TAG_DFS (MS-FSCC 2.1.2.1).</summary>
    private const uint Tag = 0x8000000A;

    private const int ReparseHeaderSize = 8;

    /// <inheritdoc/>
    public StorePath Path => folder.Path;

    /// <summary>The folder as it is shown.</summary>
    public static FileMetadata Show(in FileMetadata metadata) => metadata with
    {
        Attributes = metadata.Attributes | FileAttributes.ReparsePoint,
        ReparseTag = Tag,
    };

    /// <inheritdoc/>
    public async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var metadata = await folder.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded ? Show(metadata.Value) : metadata;
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) => new(NtStatus.AccessDenied);

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken) =>
        new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) => new(NtStatus.InvalidDeviceRequest);

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => new(NtStatus.PathNotCovered);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken) =>
        folder is ISecurableFile securable
            ? securable.GetSecurityDescriptorAsync(cancellationToken)
            : new(new NtResult<ReadOnlyMemory<byte>>(ReadOnlyMemory<byte>.Empty));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken) =>
        new(NtStatus.AccessDenied);

    /// <inheritdoc/>
    public ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken)
    {
        // The data belongs to the server (MS-FSCC 2.1.2.1), and clients make nothing of it: there is none.
        var buffer = new byte[ReparseHeaderSize];
        BinaryPrimitives.WriteUInt32LittleEndian(buffer, Tag);
        return new(new NtResult<ReadOnlyMemory<byte>>(buffer));
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken) => new(NtStatus.AccessDenied);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken) => new(NtStatus.AccessDenied);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => folder.DisposeAsync();
}
