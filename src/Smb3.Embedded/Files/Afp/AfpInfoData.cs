using System.Buffers;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;

namespace Smb3.Embedded.Files.Afp;

/// <summary>
/// The data of the stream AFP_AfpInfo, as a Mac has it: one record, whole and well-formed or not there. Reads find the record of a file without
/// one where nothing is stored yet; a record that says nothing is stored as nothing, and its stream goes with its last open.
/// </summary>
/// <param name="stream">The stream in the store.</param>
internal sealed class AfpInfoData(IStoreFile stream) : IStoreFile
{
    /// <inheritdoc/>
    public StorePath Path => stream.Path;

    /// <inheritdoc/>
    public async ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken)
    {
        var metadata = await stream.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded ? metadata.Value with { Length = AfpInfo.Size } : metadata;
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken) =>
        stream.SetMetadataAsync(change, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var info = new byte[AfpInfo.Size];
        var status = await LoadAsync(info, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var count = (int)Math.Clamp(info.Length - offset, 0, buffer.Length);
        info.AsSpan(info.Length - (int)Math.Max(info.Length - offset, 0), count).CopyTo(buffer.Span);
        return count;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        var given = data.Slice(0, Math.Min(data.Length, AfpInfo.Size)).ToArray();
        if ((offset != 0 && data.Length < AfpInfo.Size) || !AfpInfo.IsBeginning(given))
        {
            return NtStatus.InvalidParameter;
        }

        // As a Mac takes it: a whole record is one wherever it is written, what is left out stays as it is, and what is too much is not kept.
        var info = new byte[AfpInfo.Size];
        var status = await LoadAsync(info, cancellationToken).ConfigureAwait(false);
        given.CopyTo(info, 0);
        return status != NtStatus.Success ? status
            : AfpInfo.IsEmpty(info) ? await stream.SetLengthAsync(0, cancellationToken).ConfigureAwait(false)
            : await stream.WriteAsync(0, new ReadOnlySequence<byte>(info), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken) =>
        new(length > AfpInfo.Size ? NtStatus.AllottedSpaceExceeded : NtStatus.Success);

    /// <inheritdoc/>
    public ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken) => stream.FlushAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken) => new(NtStatus.InvalidParameter);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    private async ValueTask<NtStatus> LoadAsync(byte[] info, CancellationToken cancellationToken)
    {
        var read = await stream.ReadAsync(0, info, cancellationToken).ConfigureAwait(false);
        if (read.Succeeded && !AfpInfo.IsValid(info.AsSpan(0, read.Value)))
        {
            AfpInfo.WriteEmpty(info);
        }

        return read.Succeeded ? NtStatus.Success : read.Status;
    }
}
