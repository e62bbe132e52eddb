using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>One client's handle of a file or folder.</summary>
internal sealed class ObjectHandle(ObjectFileStore store, ObjectNode node, StorePath path, StoreAccess access) : IDeferredFile
{
    /// <summary>Whether it has changed what is not uploaded yet.</summary>
    private volatile bool _hasWritten;

    /// <inheritdoc/>
    public StorePath Path => path;

    /// <inheritdoc/>
    public ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken) =>
        new(node.State.ToMetadata(node.IsFolder));

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken)
    {
        _hasWritten |= !node.IsFolder;
        return node.SetMetadataAsync(change, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        node.IsFolder ? new(NtStatus.FileIsADirectory) : node.ReadAsync(offset, buffer, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        if (node.IsFolder)
        {
            return new(NtStatus.FileIsADirectory);
        }

        _hasWritten = true;
        return node.WriteAsync(offset, data, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (node.IsFolder)
        {
            return new(NtStatus.FileIsADirectory);
        }

        _hasWritten = true;
        return node.SetLengthAsync(length, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) =>
        node.IsFolder ? new(NtStatus.Success) : node.UploadAsync(isClosing: false, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) =>
        new(node.IsFolder ? new ObjectListing(store, node.Key) : NtStatus.NotADirectory);

    /// <inheritdoc/>
    public async ValueTask<NtStatus> CompleteAsync(CancellationToken cancellationToken)
    {
        if (!_hasWritten)
        {
            return NtStatus.Success;
        }

        _hasWritten = false; // whoever asked has been told
        return await node.UploadAsync(isClosing: true, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        try
        {
            var status = await CompleteAsync(CancellationToken.None).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                throw new IOException($"'{path}' was closed, and what was written to it could not be put in the store: {status}.");
            }
        }
        finally
        {
            if (store.Nodes.Close(node, access))
            {
                await node.EndAsync().ConfigureAwait(false);
            }
        }
    }
}
