using System.Buffers;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Data;

/// <summary>Writes and appends data (MS-FSA 2.1.5.4).</summary>
internal static class WriteOperation
{
    /// <summary>
    /// The offset that means "at the end of the file"; Windows accepts it only from opens that can do nothing but append.
    /// </summary>
    public const long AppendOffset = -1;

    // For ends of file below this it is not worth asking the store how large the volume is.
    public const long SurelyFits = 1L << 40;

    /// <summary>Writes data: either all of it, or none that counts.</summary>
    /// <param name="open">The open.</param>
    /// <param name="offset">
    /// Bytes from the start of the file. An open that may append but not write also takes <see cref="AppendOffset"/>, and is else no
    /// different: only programs on the machine itself are made to append (MS-FSA 2.1.5.4).
    /// </param>
    /// <param name="data">What is written; valid until the task ends.</param>
    /// <param name="writeThrough">Whether the answer waits until the data is safe.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Success; or ACCESS_DENIED, INVALID_DEVICE_REQUEST for a directory, INVALID_PARAMETER, FILE_LOCK_CONFLICT, DISK_FULL.
    /// </returns>
    public static ValueTask<NtStatus> WriteAsync(
        this FileOpen open, long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        if (open.IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (!open.HasAny(FileAccessMask.WriteData | FileAccessMask.AppendData))
        {
            return new(NtStatus.AccessDenied);
        }

        var appends = offset == AppendOffset && !open.HasAny(FileAccessMask.WriteData);
        if ((offset < 0 && !appends) || offset > long.MaxValue - data.Length
            || (open.IsUnbuffered && !open.IsAligned(appends ? 0 : offset, data.Length)))
        {
            return new(NtStatus.InvalidParameter);
        }

        if (data.Length == 0)
        {
            return new(NtStatus.Success);
        }

        if (appends)
        {
            return open.AppendAsync(data, writeThrough, cancellationToken);
        }

        if (offset + data.Length > open.Volume.Store.Traits.MaxFileLength)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (offset + data.Length > SurelyFits)
        {
            return open.WriteFarAsync(offset, data, writeThrough, cancellationToken);
        }

        return open.WriteAtAsync(offset, data, writeThrough, cancellationToken);
    }

    private static ValueTask<NtStatus> WriteAtAsync(
        this FileOpen open, long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        var began = open.TryBeginWrite(new ByteRange((ulong)offset, (ulong)data.Length), out var turn);
        if (began != NtStatus.Success)
        {
            return began == NtStatus.Pending ? open.WriteLaterAsync(offset, data, writeThrough, cancellationToken) : new(began);
        }

        ValueTask<NtStatus> writing;
        try
        {
            open.File.Caching.BreakReads(open);
            open.File.Times.BeforeWrite(open);
            open.File.NoteChange(offset, data.Length);
            writing = open.Data.WriteAsync(offset, data, cancellationToken);
        }
        catch
        {
            open.EndWrite(turn);
            throw;
        }

        writeThrough |= open.WritesThrough;
        if (writeThrough || !writing.IsCompletedSuccessfully)
        {
            return open.FinishWriteAsync(writing, data.Length, writeThrough, turn, cancellationToken);
        }

        var status = writing.Result;
        open.EndWrite(turn);
        return open.AfterDataAsync(status, data.Length);
    }

    private static async ValueTask<NtStatus> WriteLaterAsync(
        this FileOpen open, long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        await open.WhenResumedAsync().ConfigureAwait(false);
        return await open.WriteAtAsync(offset, data, writeThrough, cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<NtStatus> FinishWriteAsync(
        this FileOpen open, ValueTask<NtStatus> writing, long length, bool writeThrough, int turn, CancellationToken cancellationToken)
    {
        NtStatus status;
        try
        {
            status = await writing.ConfigureAwait(false);
            if (writeThrough && status == NtStatus.Success)
            {
                status = await open.FlushSharedAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            open.EndWrite(turn);
        }

        return await open.AfterDataAsync(status, length).ConfigureAwait(false);
    }

    private static async ValueTask<NtStatus> AppendAsync(
        this FileOpen open, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        if (data.Length == 0)
        {
            return NtStatus.Success;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        var entered = open.File.Writes.Enter();
        try
        {
            // Two appends must not find the same end.
            using var turn = await open.File.Appends.EnterAsync(cancellationToken).ConfigureAwait(false);
            var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            var end = metadata.Value.Length;
            if (end > open.Volume.Store.Traits.MaxFileLength - data.Length)
            {
                return NtStatus.InvalidParameter;
            }

            if (open.File.Locks is { } locks && !locks.Permits(open, new ByteRange((ulong)end, (ulong)data.Length), write: true))
            {
                return NtStatus.FileLockConflict;
            }

            open.File.Caching.BreakReads(open);
            open.File.Times.BeforeWrite(open);
            open.File.NoteChange(end, data.Length);
            var status = await open.Data.WriteAsync(end, data, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success && (writeThrough || open.WritesThrough))
            {
                status = await open.FlushSharedAsync(cancellationToken).ConfigureAwait(false);
            }

            return await open.AfterDataAsync(status, data.Length).ConfigureAwait(false);
        }
        finally
        {
            open.EndWrite(entered);
        }
    }

    /// <summary>Ends a write of data that a client has sent, or had copied.</summary>
    private static ValueTask<NtStatus> AfterDataAsync(this FileOpen open, NtStatus status, long length)
    {
        if (status == NtStatus.Success)
        {
            open.Volume.Statistics.CountWrite(length);
            open.Folder?.Count(length);
        }

        return open.AfterWriteAsync(status, length);
    }

    /// <summary>A file is never larger than its volume, even if a sparse store would accept it.</summary>
    private static async ValueTask<NtStatus> WriteFarAsync(
        this FileOpen open, long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        var volume = await open.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        if (!volume.Succeeded)
        {
            return volume.Status;
        }

        return offset + data.Length > volume.Value.TotalBytes
            ? NtStatus.DiskFull
            : await open.WriteAtAsync(offset, data, writeThrough, cancellationToken).ConfigureAwait(false);
    }
}
