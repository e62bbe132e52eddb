using System.Buffers;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Copying;

/// <summary>The second half of a copy by token: the client has the data written to another place without seeing it.</summary>
internal static class OffloadWriteOperation
{
    private const int ZeroPiece = 64 * 1024;

    /// <summary>
    /// Writes the data that a token stands for (MS-FSA 2.1.5.10.21). The end of the file stays where it is: only the front of a sector that
    /// extends past it is written, though all of the sector counts.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="source">
    /// The data; <see langword="null"/>: zeros if <paramref name="zeros"/> says so, otherwise an invalid token.
    /// </param>
    /// <param name="zeros">Whether it is the token of zeros.</param>
    /// <param name="sourceOffset">Where in the data to begin: at a sector.</param>
    /// <param name="offset">Where in this file to begin: at a sector.</param>
    /// <param name="length">Bytes of whole sectors, at least one.</param>
    /// <param name="limits">Bytes copied at a time, and the most bytes that one call copies.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <returns>Bytes that count as written; or a status of the section, or INVALID_TOKEN when the data has changed since.</returns>
    public static async ValueTask<NtResult<long>> OffloadWriteAsync(
        this FileOpen open, OffloadSource? source, bool zeros, long sourceOffset, long offset, long length, (int Piece, int Most) limits,
        CancellationToken cancellationToken)
    {
        if (open.IsDirectory)
        {
            return NtStatus.OffloadWriteFileNotSupported;
        }

        if (!open.HasAny(OperationRights.Of(FileOperation.OffloadWrite).Open))
        {
            return NtStatus.AccessDenied;
        }

        var metadata = await open.GetStoreMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var end = metadata.Value.Length;
        var sector = open.Volume.Store.Traits.SectorSize;
        if ((metadata.Value.Attributes & OffloadReadOperation.NotOffloaded) != 0)
        {
            return NtStatus.OffloadWriteFileNotSupported;
        }

        if (open.File.IsStreamDeletePending)
        {
            return NtStatus.FileDeleted;
        }

        if (offset > open.Volume.Store.Traits.MaxFileLength - length)
        {
            return NtStatus.InvalidParameter;
        }

        if (!open.Permits(offset, length, write: true))
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
        length = Math.Min(length, Math.Min(CloneOperation.RoundUp(end - offset, sector), Math.Max(sector, limits.Most / sector * sector)));
        if (source is not null)
        {
            if (sourceOffset >= source.Length)
            {
                return NtStatus.InvalidParameter;
            }

            length = Math.Min(length, source.Length - sourceOffset);
            if (source.Open?.File == open.File && source.Overlaps(offset, length))
            {
                length = Math.Min(length, piece); // with an overlap, copy one piece: it is read before it is written
            }
        }

        var count = Math.Min(length, end - offset);
        var status = source is null
            ? await open.WriteZerosAsync(offset, count, cancellationToken).ConfigureAwait(false)
            : await open.WriteSourceAsync(source, sourceOffset, offset, count, piece, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? length : status;
    }

    private static async ValueTask<NtStatus> WriteSourceAsync(
        this FileOpen open, OffloadSource source, long sourceOffset, long offset, long count, int piece, CancellationToken cancellationToken)
    {
        if (!await IsAsItWasAsync(source, isSameFile: false, cancellationToken).ConfigureAwait(false) || source.Open is not { } reader)
        {
            return NtStatus.InvalidToken;
        }

        var isSameFile = reader.File == open.File;
        var overwritesSource = isSameFile && source.Overlaps(offset, count);
        var from = source.Offset + sourceOffset;
        var there = Math.Clamp(source.EndOfFile - from, 0, count);
        for (var done = 0L; done < there;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var next = (int)Math.Min(piece, there - done);
            var status = await open.CopyFromAsync(reader, from + done, offset + done, next, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return !source.IsGood || status == NtStatus.InvalidViewSize ? NtStatus.InvalidToken : status;
            }

            done += next;
        }

        var rest = await open.WriteZerosAsync(offset + there, count - there, cancellationToken).ConfigureAwait(false);
        if (rest != NtStatus.Success || overwritesSource)
        {
            return rest;
        }

        // Data that was copied while it was being changed is neither the old data nor the new.
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

    private static async ValueTask<NtStatus> WriteZerosAsync(
        this FileOpen open, long offset, long count, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return NtStatus.Success;
        }

        if (open.Volume.Store.Traits.Has(StoreAbilities.SparseFiles) && open.Data is ISparseFile)
        {
            var status = await open.ZeroAsync(offset, offset + count, cancellationToken).ConfigureAwait(false);
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
            var status = await open.WriteAsync(offset + done, zeros.Slice(0, next), writeThrough: false, CancellationToken.None)
                .ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            done += next;
        }

        return NtStatus.Success;
    }
}
