using System.Buffers;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Copies that the server makes: of chunks, and of extents.
internal sealed partial class FileOpen
{
    /// <summary>
    /// Copies a chunk to this file (MS-SMB2 section 3.3.5.15.6): by the store where it can, else through a buffer. Windows reads all of a
    /// chunk before it writes any, so that a chunk that overlaps itself ends up as the source was.
    /// </summary>
    /// <param name="source">Where from; perhaps this open, perhaps an open of another volume.</param>
    /// <param name="sourceOffset">Bytes from the start of the source.</param>
    /// <param name="targetOffset">Bytes from the start of this file.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <returns>Success; or INVALID_VIEW_SIZE when the source ends before, ACCESS_DENIED, FILE_LOCK_CONFLICT, DISK_FULL.</returns>
    public async ValueTask<NtStatus> CopyFromAsync(
        FileOpen source, long sourceOffset, long targetOffset, int length, CancellationToken cancellationToken)
    {
        if (IsDirectory || source.IsDirectory)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        var rights = OperationRights.Of(FileOperation.CopyRange);
        if (!source.HasAny(rights.Source) || !HasAny(rights.Open))
        {
            return NtStatus.AccessDenied;
        }

        if (sourceOffset < 0 || targetOffset < 0 || targetOffset > long.MaxValue - length)
        {
            return NtStatus.InvalidParameter;
        }

        if (!source.TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var metadata = await source._file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            if (sourceOffset > metadata.Value.Length - length)
            {
                return NtStatus.InvalidViewSize;
            }

            if (!source.Permits(sourceOffset, length, write: false))
            {
                return NtStatus.FileLockConflict;
            }

            var status = NtStatus.NotSupported;
            if (_file is ICopyTarget target && source.Volume == Volume && HasAny(FileAccessMask.WriteData)
                && targetOffset + length <= Math.Min(Volume.Store.Traits.MaxFileLength, SurelyFits))
            {
                status = TryBeginWrite(new ByteRange((ulong)targetOffset, (ulong)length), out var turn);
                if (status == NtStatus.Success)
                {
                    try
                    {
                        status = await ChangeDataAsync(
                            targetOffset,
                            length,
                            () => target.CopyFromAsync(source._file, sourceOffset, targetOffset, length, cancellationToken)).ConfigureAwait(false);
                    }
                    finally
                    {
                        EndWrite(turn);
                    }
                }
            }

            if (status == NtStatus.NotSupported)
            {
                status = await CopyThroughBufferAsync(source, sourceOffset, targetOffset, length, cancellationToken).ConfigureAwait(false);
            }

            if (status == NtStatus.Success)
            {
                source.Observation?.CountRead(length);
            }

            return status;
        }
        finally
        {
            source.Exit();
        }
    }

    /// <summary>
    /// Gives a range of this file the extents of a range of another (MS-FSA section 2.1.5.10.4). Windows minds no byte-range locks here.
    /// </summary>
    public async ValueTask<NtStatus> CloneFromAsync(
        FileOpen source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        if (_file is not ICloneTarget target)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (source.Volume != Volume || source.IsDirectory || IsDirectory || source.File.IsStream != File.IsStream)
        {
            return NtStatus.InvalidParameter;
        }

        var rights = OperationRights.Of(FileOperation.CloneRange);
        if (!source.HasAny(rights.Source) || !HasAny(rights.Open))
        {
            return NtStatus.AccessDenied;
        }

        var unit = Volume.Store.Traits.AllocationUnit;
        if (sourceOffset < 0 || targetOffset < 0 || length < 0
            || sourceOffset > long.MaxValue - length || targetOffset > long.MaxValue - length
            || sourceOffset % unit != 0 || targetOffset % unit != 0 || length % unit != 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (length == 0)
        {
            return NtStatus.Success;
        }

        if (source.File == File && sourceOffset < targetOffset + length && targetOffset < sourceOffset + length)
        {
            return NtStatus.NotSupported;
        }

        if (!source.TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var from = await source._file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            var to = await _file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!from.Succeeded || !to.Succeeded)
            {
                return from.Succeeded ? to.Status : from.Status;
            }

            if ((from.Value.Attributes & ~to.Value.Attributes & FileAttributes.SparseFile) != 0)
            {
                return NtStatus.NotSupported;
            }

            // Whole units are named, of which the last one may reach behind the end of the file.
            if (sourceOffset + length > RoundUp(from.Value.Length, unit))
            {
                return NtStatus.NotSupported;
            }

            var copied = Math.Min(length, from.Value.Length - sourceOffset);
            copied = Math.Min(copied, to.Value.Length - targetOffset); // the end of file stays where it is
            return copied <= 0
                ? NtStatus.Success
                : await ChangeDataAsync(
                    targetOffset,
                    copied,
                    () => CloneAsync(target, source, sourceOffset, targetOffset, copied, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            source.Exit();
        }
    }

    /// <summary>Clones the whole units, and copies what is left of the last one.</summary>
    private async ValueTask<NtStatus> CloneAsync(
        ICloneTarget target, FileOpen source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        var rest = (int)(length % Volume.Store.Traits.AllocationUnit);
        var whole = length - rest;
        var status = whole == 0
            ? NtStatus.Success
            : await target.CloneFromAsync(source._file, sourceOffset, targetOffset, whole, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success || rest == 0)
        {
            return status;
        }

        var buffer = new byte[rest];
        var read = await source._file.ReadAsync(sourceOffset + whole, buffer, cancellationToken).ConfigureAwait(false);
        return read.Succeeded
            ? await _file.WriteAsync(targetOffset + whole, new ReadOnlySequence<byte>(buffer, 0, read.Value), cancellationToken).ConfigureAwait(false)
            : read.Status;
    }

    private static long RoundUp(long size, int unit) => size > long.MaxValue - unit ? long.MaxValue : (size + unit - 1) / unit * unit;

    private bool Permits(long offset, long length, bool write) =>
        File.Locks is not { } locks || locks.Permits(this, new ByteRange((ulong)offset, (ulong)length), write);

    /// <summary>What every change of data takes: nobody who still caches, and times that move.</summary>
    private async ValueTask<NtStatus> ChangeDataAsync(long offset, long length, Func<ValueTask<NtStatus>> change)
    {
        if (!TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            File.Caching.BreakReads(this);
            File.Times.BeforeWrite(this);
            File.NoteChange(offset, length);
            var status = await change().ConfigureAwait(false);
            File.NoteChange(offset, length);
            return await AfterWriteAsync(status, length).ConfigureAwait(false);
        }
        finally
        {
            Exit();
        }
    }

    private async ValueTask<NtStatus> CopyThroughBufferAsync(
        FileOpen source, long sourceOffset, long targetOffset, int length, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var read = await source._file.ReadAsync(sourceOffset, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            if (read.Value < length)
            {
                return NtStatus.InvalidViewSize; // cut meanwhile
            }

            cancellationToken.ThrowIfCancellationRequested();
            return await WriteAsync(
                targetOffset, new ReadOnlySequence<byte>(buffer, 0, length), writeThrough: false, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
