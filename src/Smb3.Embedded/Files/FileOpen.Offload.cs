using System.Buffers;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Offload;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Copies by token: the client names data once, and has it written elsewhere without seeing it.
internal sealed partial class FileOpen
{
    private const FileAttributes NotOffloaded = FileAttributes.SparseFile | FileAttributes.Compressed | FileAttributes.Encrypted;
    private const int ZeroPiece = 64 * 1024;

    /// <summary>Takes down what a range holds now (MS-FSA section 2.1.5.10.20).</summary>
    /// <param name="offset">Where it begins: at a sector.</param>
    /// <param name="length">Bytes of whole sectors, more than none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The data; or OFFLOAD_READ_FILE_NOT_SUPPORTED, FILE_DELETED, FILE_LOCK_CONFLICT, END_OF_FILE, INVALID_PARAMETER.</returns>
    public async ValueTask<NtResult<OffloadSource>> OffloadReadAsync(long offset, long length, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return NtStatus.OffloadReadFileNotSupported;
        }

        if (!HasAny(OperationRights.Of(FileOperation.OffloadRead).Open))
        {
            return NtStatus.AccessDenied;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        var source = new OffloadSource(this, offset, length);
        var status = NtStatus.FileClosed;
        try
        {
            // Known to the file before its state is looked at: a write that is under way is waited for, and a later one spoils it.
            File.Watch(source);
            await File.Writes.WaitAsync().ConfigureAwait(false);
            status = await FixAsync(source, cancellationToken).ConfigureAwait(false);
            return status == NtStatus.Success ? new NtResult<OffloadSource>(source) : status;
        }
        finally
        {
            if (status != NtStatus.Success)
            {
                source.End();
            }

            Exit();
        }
    }

    /// <summary>
    /// Writes what a token stands for (MS-FSA section 2.1.5.10.21). The end of the file stays where it is: of a sector that reaches behind
    /// it only the front is written, though all of it counts.
    /// </summary>
    /// <param name="source">The data; <see langword="null"/>: zeros where <paramref name="zeros"/> says so, else a token that is no good.</param>
    /// <param name="zeros">Whether it is the token of zeros.</param>
    /// <param name="sourceOffset">Where in the data to begin: at a sector.</param>
    /// <param name="offset">Where in this file to begin: at a sector.</param>
    /// <param name="length">Bytes of whole sectors, more than none.</param>
    /// <param name="limits">Bytes that are copied at a time, and bytes that one call copies at most.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <returns>Bytes that count as written; or a status of the section, or INVALID_TOKEN when the data is no longer what it was.</returns>
    public async ValueTask<NtResult<long>> OffloadWriteAsync(
        OffloadSource? source, bool zeros, long sourceOffset, long offset, long length, (int Piece, int Most) limits,
        CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return NtStatus.OffloadWriteFileNotSupported;
        }

        if (!HasAny(OperationRights.Of(FileOperation.OffloadWrite).Open))
        {
            return NtStatus.AccessDenied;
        }

        var metadata = await GetStoreMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var end = metadata.Value.Length;
        var sector = Volume.Store.Traits.SectorSize;
        if ((metadata.Value.Attributes & NotOffloaded) != 0)
        {
            return NtStatus.OffloadWriteFileNotSupported;
        }

        if (File.IsStreamDeletePending)
        {
            return NtStatus.FileDeleted;
        }

        if (offset > Volume.Store.Traits.MaxFileLength - length)
        {
            return NtStatus.InvalidParameter;
        }

        if (!Permits(offset, length, write: true))
        {
            return NtStatus.FileLockConflict;
        }

        if (offset >= end)
        {
            return NtStatus.EndOfFile;
        }

        if (end < sector)
        {
            return NtStatus.InvalidParameter; // MS-FSCC 2.3.44
        }

        if (source is null && !zeros)
        {
            return NtStatus.InvalidToken;
        }

        var piece = Math.Max(sector, limits.Piece / sector * sector);
        length = Math.Min(length, Math.Min(RoundUp(end - offset, sector), Math.Max(sector, limits.Most / sector * sector)));
        if (source is not null)
        {
            if (sourceOffset >= source.Length)
            {
                return NtStatus.InvalidParameter;
            }

            length = Math.Min(length, source.Length - sourceOffset);
            if (source.Open?.File == File && source.Overlaps(offset, length))
            {
                length = Math.Min(length, piece); // of what it overwrites it can copy a piece, which is read before it is written
            }
        }

        var count = Math.Min(length, end - offset);
        var status = source is null
            ? await WriteZerosAsync(offset, count, cancellationToken).ConfigureAwait(false)
            : await WriteSourceAsync(source, sourceOffset, offset, count, piece, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? length : status;
    }

    private async ValueTask<NtStatus> FixAsync(OffloadSource source, CancellationToken cancellationToken)
    {
        var metadata = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if ((metadata.Value.Attributes & NotOffloaded) != 0)
        {
            return NtStatus.OffloadReadFileNotSupported;
        }

        if (File.IsStreamDeletePending)
        {
            return NtStatus.FileDeleted;
        }

        if (!Permits(source.Offset, source.Length, write: false))
        {
            return NtStatus.FileLockConflict;
        }

        if (source.Offset >= metadata.Value.Length)
        {
            return NtStatus.EndOfFile;
        }

        var sector = Volume.Store.Traits.SectorSize;
        if (metadata.Value.Length < sector)
        {
            return NtStatus.InvalidParameter; // MS-FSCC 2.3.42
        }

        source.Fix(metadata.Value, sector);
        return NtStatus.Success;
    }

    private async ValueTask<NtStatus> WriteSourceAsync(
        OffloadSource source, long sourceOffset, long offset, long count, int piece, CancellationToken cancellationToken)
    {
        if (!await IsAsItWasAsync(source, isSameFile: false, cancellationToken).ConfigureAwait(false) || source.Open is not { } open)
        {
            return NtStatus.InvalidToken;
        }

        var isSameFile = open.File == File;
        var overwritesSource = isSameFile && source.Overlaps(offset, count);
        var from = source.Offset + sourceOffset;
        var there = Math.Clamp(source.EndOfFile - from, 0, count);
        for (var done = 0L; done < there;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var next = (int)Math.Min(piece, there - done);
            var status = await CopyFromAsync(open, from + done, offset + done, next, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return !source.IsGood || status == NtStatus.InvalidViewSize ? NtStatus.InvalidToken : status;
            }

            done += next;
        }

        var rest = await WriteZerosAsync(offset + there, count - there, cancellationToken).ConfigureAwait(false);
        if (rest != NtStatus.Success || overwritesSource)
        {
            return rest;
        }

        // What was copied while somebody changed it is neither the old data nor the new.
        return await IsAsItWasAsync(source, isSameFile, cancellationToken).ConfigureAwait(false) ? NtStatus.Success : NtStatus.InvalidToken;
    }

    private static async ValueTask<bool> IsAsItWasAsync(OffloadSource source, bool isSameFile, CancellationToken cancellationToken)
    {
        if (source.Open is not { } open)
        {
            return false;
        }

        var metadata = await open.GetStoreMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return false;
        }

        if (isSameFile)
        {
            source.Renew(metadata.Value);
        }

        return source.Fits(metadata.Value) && source.IsGood;
    }

    private async ValueTask<NtStatus> WriteZerosAsync(long offset, long count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return NtStatus.Success;
        }

        if (Volume.Store.Traits.Has(StoreAbilities.SparseFiles) && _file is ISparseFile)
        {
            var status = await ZeroAsync(offset, offset + count, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.NotSupported)
            {
                return status;
            }
        }

        var zeros = new ReadOnlySequence<byte>(new byte[Math.Min(count, ZeroPiece)]);
        for (var done = 0L; done < count;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var next = Math.Min(zeros.Length, count - done);
            var status = await WriteAsync(offset + done, zeros.Slice(0, next), writeThrough: false, CancellationToken.None).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            done += next;
        }

        return NtStatus.Success;
    }

    /// <summary>What the store says, which is not what handles are shown of the times.</summary>
    private async ValueTask<NtResult<FileMetadata>> GetStoreMetadataAsync(CancellationToken cancellationToken)
    {
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }
}
