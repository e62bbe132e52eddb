using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>Copies the data of a file to a new one of the same store, by the means that cost the store least.</summary>
internal sealed class FileCopy(IFileStore store)
{
    private const int Piece = 256 * 1024;
    private const long LargePiece = 64L << 20;

    /// <summary>Copies all data.</summary>
    /// <param name="source">A handle that may be read.</param>
    /// <param name="metadata">What is known of the source.</param>
    /// <param name="target">An empty file.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async ValueTask<NtStatus> RunAsync(IStoreFile source, FileMetadata metadata, IStoreFile target, CancellationToken cancellationToken)
    {
        var length = metadata.Length;
        var isSparse = metadata.Attributes.HasFlag(FileAttributes.SparseFile) && target is ISparseFile && source is ISparseFile;
        var unit = store.Traits.AllocationUnit;
        var shared = store.Traits.Has(StoreAbilities.BlockCloning) && target is ICloneTarget ? length - (length % unit) : 0;
        if (isSparse)
        {
            var sparse = await ((ISparseFile)target).SetSparseAsync(sparse: true, cancellationToken).ConfigureAwait(false);
            isSparse = sparse == NtStatus.Success;
        }

        if (isSparse || shared > 0)
        {
            var sized = await target.SetLengthAsync(length, cancellationToken).ConfigureAwait(false);
            if (sized != NtStatus.Success)
            {
                return sized;
            }
        }

        var begin = shared > 0
            && await ((ICloneTarget)target).CloneFromAsync(source, 0, 0, shared, cancellationToken).ConfigureAwait(false) == NtStatus.Success ? shared : 0;
        if (!isSparse)
        {
            return await CopyAsync(source, begin, length, target, cancellationToken).ConfigureAwait(false);
        }

        while (begin < length)
        {
            var found = await ((ISparseFile)source).FindAllocatedAsync(begin, cancellationToken).ConfigureAwait(false);
            if (!found.Succeeded || found.Value.Length == 0)
            {
                return found.Status;
            }

            var end = Math.Min(found.Value.End, length);
            var status = await CopyAsync(source, Math.Max(begin, found.Value.Offset), end, target, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            begin = end;
        }

        return NtStatus.Success;
    }

    private static async ValueTask<NtStatus> CopyAsync(
        IStoreFile source, long begin, long end, IStoreFile target, CancellationToken cancellationToken)
    {
        while (begin < end && target is ICopyTarget copies)
        {
            var length = Math.Min(LargePiece, end - begin);
            var status = await copies.CopyFromAsync(source, begin, begin, length, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.NotSupported)
            {
                break;
            }

            if (status != NtStatus.Success)
            {
                return status;
            }

            begin += length;
        }

        return begin < end ? await ReadAndWriteAsync(source, begin, end, target, cancellationToken).ConfigureAwait(false) : NtStatus.Success;
    }

    private static async ValueTask<NtStatus> ReadAndWriteAsync(
        IStoreFile source, long begin, long end, IStoreFile target, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Piece);
        try
        {
            while (begin < end)
            {
                var read = await source.ReadAsync(begin, buffer.AsMemory(0, (int)Math.Min(Piece, end - begin)), cancellationToken).ConfigureAwait(false);
                if (!read.Succeeded || read.Value == 0)
                {
                    return read.Succeeded ? NtStatus.EndOfFile : read.Status;
                }

                var written = await target.WriteAsync(
                    begin, new ReadOnlySequence<byte>(buffer, 0, read.Value), cancellationToken).ConfigureAwait(false);
                if (written != NtStatus.Success)
                {
                    return written;
                }

                begin += read.Value;
            }

            return NtStatus.Success;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
