using System.Buffers;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Reading, writing, sizes and byte-range locks.
internal sealed partial class FileOpen
{
    /// <summary>The offset that means "at the end of the file"; Windows takes it from opens only that can do nothing else.</summary>
    public const long AppendOffset = -1;

    // Ends below this are not worth asking the store how large the volume is.
    private const long SurelyFits = 1L << 40;

    /// <summary>Reads data.</summary>
    /// <param name="offset">Bytes from the start of the file.</param>
    /// <param name="buffer">Where the data goes.</param>
    /// <param name="minimumCount">Fewer bytes than this are an END_OF_FILE.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Bytes read; or ACCESS_DENIED, INVALID_DEVICE_REQUEST for a directory, FILE_LOCK_CONFLICT, END_OF_FILE.</returns>
    public ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, uint minimumCount, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (!HasAny(FileAccessMask.ReadData | FileAccessMask.Execute))
        {
            return new(NtStatus.AccessDenied);
        }

        if (offset < 0 || offset > long.MaxValue - buffer.Length)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (File.Locks is { } locks && !locks.Permits(this, new ByteRange((ulong)offset, (ulong)buffer.Length), write: false))
        {
            return new(NtStatus.FileLockConflict);
        }

        if (!TryEnter())
        {
            return new(NtStatus.FileClosed);
        }

        ValueTask<NtResult<int>> reading;
        try
        {
            reading = _file.ReadAsync(offset, buffer, cancellationToken);
        }
        catch
        {
            Exit();
            throw;
        }

        if (!reading.IsCompletedSuccessfully)
        {
            return FinishReadAsync(reading, offset, buffer.Length, minimumCount);
        }

        var result = reading.Result;
        Exit();
        return new(CheckRead(result, offset, buffer.Length, minimumCount));
    }

    /// <summary>Writes data, all of it or none that counts.</summary>
    /// <param name="offset">
    /// Bytes from the start of the file. An open that may append but not write always appends, and takes <see cref="AppendOffset"/> too.
    /// </param>
    /// <param name="data">What is written; valid until the task ends.</param>
    /// <param name="writeThrough">Whether the answer waits until the data is safe.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Success; or ACCESS_DENIED, INVALID_DEVICE_REQUEST for a directory, INVALID_PARAMETER, FILE_LOCK_CONFLICT, DISK_FULL.
    /// </returns>
    public ValueTask<NtStatus> WriteAsync(
        long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        if (IsDirectory)
        {
            return new(NtStatus.InvalidDeviceRequest);
        }

        if (!HasAny(FileAccessMask.WriteData | FileAccessMask.AppendData))
        {
            return new(NtStatus.AccessDenied);
        }

        var appends = !HasAny(FileAccessMask.WriteData);
        if ((offset < 0 && !(appends && offset == AppendOffset)) || offset > long.MaxValue - data.Length)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (data.Length == 0)
        {
            return new(NtStatus.Success);
        }

        if (appends)
        {
            return AppendAsync(data, writeThrough, cancellationToken);
        }

        if (offset + data.Length > Volume.Store.Traits.MaxFileLength)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (offset + data.Length > SurelyFits)
        {
            return WriteFarAsync(offset, data, writeThrough, cancellationToken);
        }

        return WriteAtAsync(offset, data, writeThrough, cancellationToken);
    }

    /// <summary>Makes everything that was written safe, and the last-write time visible.</summary>
    public async ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken)
    {
        // MS-SMB2 3.3.5.11; a directory is flushed by whoever may add to it.
        if (!HasAny(FileAccessMask.WriteData | FileAccessMask.AppendData))
        {
            return NtStatus.AccessDenied;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            await ShowWriteTimeAsync(cancellationToken).ConfigureAwait(false);
            return await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>FileEndOfFileInformation (MS-FSA section 2.1.5.15.4).</summary>
    public ValueTask<NtStatus> SetEndOfFileAsync(long length, CancellationToken cancellationToken) =>
        ResizeAsync(length, static (open, length, token) => open._file.SetLengthAsync(length, token), cancellationToken);

    /// <summary>FileAllocationInformation (MS-FSA section 2.1.5.15.1): less than the length cuts the file.</summary>
    public ValueTask<NtStatus> SetAllocationAsync(long size, CancellationToken cancellationToken) =>
        ResizeAsync(size, AllocateAsync, cancellationToken);

    /// <summary>
    /// FileValidDataLengthInformation (MS-FSA section 2.1.5.15.15): the store keeps no such length, so only the check is left.
    /// </summary>
    public async ValueTask<NtStatus> SetValidDataLengthAsync(long length, CancellationToken cancellationToken)
    {
        if (!HasAny(FileAccessMask.WriteData))
        {
            return NtStatus.AccessDenied;
        }

        if (!Record.Caller.IsAdministrator)
        {
            return NtStatus.PrivilegeNotHeld; // SeManageVolumePrivilege
        }

        var metadata = await GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return !metadata.Succeeded ? metadata.Status
            : IsDirectory || length < 0 || length > metadata.Value.Length ? NtStatus.InvalidParameter
            : NtStatus.Success;
    }

    /// <summary>
    /// Locks ranges: with more than one, or <paramref name="failImmediately"/>, all at once or none; else waiting for the range.
    /// </summary>
    /// <returns>
    /// Success; or LOCK_NOT_GRANTED, INVALID_LOCK_RANGE, CANCELLED, RANGE_NOT_LOCKED when the open is closed while it waits.
    /// </returns>
    public ValueTask<NtStatus> LockAsync(ReadOnlyMemory<LockRequest> requests, bool failImmediately, CancellationToken cancellationToken)
    {
        if (CheckLock() is var status && status != NtStatus.Success)
        {
            return new(status);
        }

        if (requests.Length == 0 || (requests.Length > 1 && !failImmediately))
        {
            return new(NtStatus.InvalidParameter); // MS-SMB2 3.3.5.14.2
        }

        if (!TryEnter())
        {
            return new(NtStatus.FileClosed);
        }

        try
        {
            File.Caching.BreakReads(this);
            var locks = File.GetOrCreateLocks();

            // Not counted as running while it waits: the close ends it instead of waiting for it.
            var locking = failImmediately
                ? new ValueTask<NtStatus>(locks.TryLock(this, requests.Span))
                : locks.LockAsync(this, requests.Span[0], cancellationToken);
            return FinishLockAsync(locking);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>The ranges that it has locked.</summary>
    public IReadOnlyList<LockRequest> GetLocks() => File.Locks?.GetLocks(this) ?? [];

    /// <summary>Unlocks ranges one after the other, up to the first that is not locked (MS-SMB2 section 3.3.5.14.1).</summary>
    public NtStatus Unlock(ReadOnlySpan<ByteRange> ranges)
    {
        if (CheckLock() is var status && status != NtStatus.Success)
        {
            return status;
        }

        return File.Locks is { } locks ? locks.Unlock(this, ranges)
            : ranges.IsEmpty ? NtStatus.Success
            : ranges[0].IsValid ? NtStatus.RangeNotLocked
            : NtStatus.InvalidLockRange;
    }

    private async ValueTask<NtStatus> FinishLockAsync(ValueTask<NtStatus> locking)
    {
        var status = await locking.ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            File.Caching.BreakReads(this); // granted before the lock was there
            await File.Writes.WaitAsync().ConfigureAwait(false);
            await AfterTelling(status).ConfigureAwait(false);
        }

        return status;
    }

    private NtResult<int> CheckRead(NtResult<int> result, long offset, int wanted, uint minimumCount)
    {
        if (!result.Succeeded)
        {
            return result;
        }

        if (result.Value < minimumCount || (result.Value == 0 && wanted > 0))
        {
            return NtStatus.EndOfFile; // MS-SMB2 3.3.5.12
        }

        Record.Position = offset + result.Value; // MS-FSA 2.1.5.3
        Observation?.CountRead(result.Value);
        return result;
    }

    private static async ValueTask<NtStatus> AllocateAsync(FileOpen open, long size, CancellationToken cancellationToken)
    {
        var metadata = await open._file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        return size < metadata.Value.Length
            ? await open._file.SetLengthAsync(size, cancellationToken).ConfigureAwait(false)
            : await open._file.AllocateAsync(size, cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<NtResult<int>> FinishReadAsync(
        ValueTask<NtResult<int>> reading, long offset, int wanted, uint minimumCount)
    {
        try
        {
            return CheckRead(await reading.ConfigureAwait(false), offset, wanted, minimumCount);
        }
        finally
        {
            Exit();
        }
    }

    private ValueTask<NtStatus> WriteAtAsync(
        long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        var began = TryBeginWrite(new ByteRange((ulong)offset, (ulong)data.Length), out var turn);
        if (began != NtStatus.Success)
        {
            return new(began);
        }

        ValueTask<NtStatus> writing;
        try
        {
            File.Caching.BreakReads(this);
            File.Times.BeforeWrite(this);
            File.NoteChange(offset, data.Length);
            writing = _file.WriteAsync(offset, data, cancellationToken);
        }
        catch
        {
            EndWrite(turn);
            throw;
        }

        writeThrough |= (Options & CreateOptions.WriteThrough) != 0;
        if (writeThrough || !writing.IsCompletedSuccessfully)
        {
            return FinishWriteAsync(writing, data.Length, writeThrough, turn, cancellationToken);
        }

        var status = writing.Result;
        EndWrite(turn);
        return AfterWriteAsync(status, data.Length);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<NtStatus> FinishWriteAsync(
        ValueTask<NtStatus> writing, long length, bool writeThrough, int turn, CancellationToken cancellationToken)
    {
        NtStatus status;
        try
        {
            status = await writing.ConfigureAwait(false);
            if (writeThrough && status == NtStatus.Success)
            {
                status = await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            EndWrite(turn);
        }

        return await AfterWriteAsync(status, length).ConfigureAwait(false);
    }

    /// <summary>
    /// Lets a change of data begin where no lock forbids it; success is followed by one <see cref="EndWrite"/>. It counts as under way
    /// before the locks are looked at (<see cref="WriteBarrier"/>).
    /// </summary>
    private NtStatus TryBeginWrite(ByteRange range, out int turn)
    {
        turn = 0;
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        turn = File.Writes.Enter();
        if (File.Locks is not { } locks || locks.Permits(this, range, write: true))
        {
            return NtStatus.Success;
        }

        EndWrite(turn);
        return NtStatus.FileLockConflict;
    }

    private void EndWrite(int turn)
    {
        File.Writes.Exit(turn);
        Exit();
    }

    private async ValueTask<NtStatus> AppendAsync(ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        if (data.Length == 0)
        {
            return NtStatus.Success;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        var entered = File.Writes.Enter();
        try
        {
            // Two appends must not find the same end.
            using var turn = await File.AppendGate.EnterAsync(StorePath.Root, cancellationToken).ConfigureAwait(false);
            var metadata = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            var end = metadata.Value.Length;
            if (end > Volume.Store.Traits.MaxFileLength - data.Length)
            {
                return NtStatus.InvalidParameter;
            }

            if (File.Locks is { } locks && !locks.Permits(this, new ByteRange((ulong)end, (ulong)data.Length), write: true))
            {
                return NtStatus.FileLockConflict;
            }

            File.Caching.BreakReads(this);
            File.Times.BeforeWrite(this);
            File.NoteChange(end, data.Length);
            var status = await _file.WriteAsync(end, data, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success && (writeThrough || (Options & CreateOptions.WriteThrough) != 0))
            {
                status = await _file.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            return await AfterWriteAsync(status, data.Length).ConfigureAwait(false);
        }
        finally
        {
            EndWrite(entered);
        }
    }

    /// <summary>A file is never larger than its volume, though a sparse store would take it.</summary>
    private async ValueTask<NtStatus> WriteFarAsync(
        long offset, ReadOnlySequence<byte> data, bool writeThrough, CancellationToken cancellationToken)
    {
        var volume = await GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        if (!volume.Succeeded)
        {
            return volume.Status;
        }

        return offset + data.Length > volume.Value.TotalBytes
            ? NtStatus.DiskFull
            : await WriteAtAsync(offset, data, writeThrough, cancellationToken).ConfigureAwait(false);
    }

    private ValueTask<NtStatus> AfterWriteAsync(NtStatus status, long length)
    {
        // Who was granted a cache during the change may have read what was there before it.
        File.Caching.BreakReads(this);
        if (status == NtStatus.Success)
        {
            Observation?.CountWritten(length);
            _needsArchive = true;
            Volume.RaiseWritten(this);
        }

        return AfterTelling(status);
    }

    /// <summary>The answer to a change of data, once everybody who caches it has been told (<see cref="Caching.FileCaching.WhenTold"/>).</summary>
    private ValueTask<NtStatus> AfterTelling(NtStatus status)
    {
        return File.Caching.WhenTold() is { } told ? WaitAsync(told, status) : new(status);

        static async ValueTask<NtStatus> WaitAsync(Task told, NtStatus status)
        {
            await told.ConfigureAwait(false);
            return status;
        }
    }

    private async ValueTask<NtStatus> ResizeAsync(
        long size, Func<FileOpen, long, CancellationToken, ValueTask<NtStatus>> resize, CancellationToken cancellationToken)
    {
        if (!HasAny(FileAccessMask.WriteData))
        {
            return NtStatus.AccessDenied;
        }

        if (IsDirectory || size < 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (size > Volume.Store.Traits.MaxFileLength)
        {
            return NtStatus.DiskFull;
        }

        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            File.Caching.BreakReads(this);
            File.NoteChange();
            var status = await resize(this, size, cancellationToken).ConfigureAwait(false);
            File.NoteChange();
            File.Caching.BreakReads(this);
            await AfterTelling(status).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            // A new end is written at once, and even the old end set again moves the time.
            File.Times.Flush(this);
            if ((Record.Pinned & PinnedTimes.LastWrite) == 0)
            {
                status = await _file.SetMetadataAsync(new FileMetadataChange { LastWriteTime = Volume.Now() }, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                File.Times.BeforeWrite(this);
            }

            _needsArchive = true;
            await Volume.RaiseModifiedAsync(this, ChangeFilter.LastWrite | ChangeFilter.Size).ConfigureAwait(false);
            return status;
        }
        finally
        {
            Exit();
        }
    }

    private async ValueTask ShowWriteTimeAsync(CancellationToken cancellationToken)
    {
        if (File.Times.Flush(this))
        {
            await _file.SetMetadataAsync(new FileMetadataChange { LastWriteTime = Volume.Now() }, cancellationToken).ConfigureAwait(false);
            File.Whole.Caching.NoteOwn();
        }
    }

    private NtStatus CheckLock()
    {
        if (IsDirectory)
        {
            return NtStatus.InvalidParameter;
        }

        return HasAny(FileAccessMask.ReadData | FileAccessMask.WriteData | FileAccessMask.AppendData | FileAccessMask.Execute)
            ? NtStatus.Success
            : NtStatus.AccessDenied;
    }
}
