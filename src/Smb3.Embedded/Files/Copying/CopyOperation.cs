using System.Buffers;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Afp;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Copying;

/// <summary>Copies a chunk from one open to another.</summary>
internal static class CopyOperation
{
    /// <summary>
    /// Copies a chunk to this file (MS-SMB2 3.3.5.15.6): in the store if it can, otherwise through a buffer. Windows reads all of a chunk
    /// before it writes any, so a chunk that overlaps itself ends up as the source was.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="source">The source; may be this open, or an open of another volume.</param>
    /// <param name="sourceOffset">Bytes from the start of the source.</param>
    /// <param name="targetOffset">Bytes from the start of this file.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancellationToken">Ends the copy.</param>
    /// <returns>Success; or INVALID_VIEW_SIZE when the source ends too early, ACCESS_DENIED, FILE_LOCK_CONFLICT, DISK_FULL.</returns>
    public static async ValueTask<NtStatus> CopyFromAsync(
        this FileOpen open, FileOpen source, long sourceOffset, long targetOffset, int length, CancellationToken cancellationToken)
    {
        if (open.IsDirectory || source.IsDirectory)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        var rights = OperationRights.Of(FileOperation.CopyRange);
        if (!source.HasAny(rights.Source) || !open.HasAny(rights.Open))
        {
            return NtStatus.AccessDenied;
        }

        if (sourceOffset < 0 || targetOffset < 0 || targetOffset > long.MaxValue - length)
        {
            return NtStatus.InvalidParameter;
        }

        if (!await FileOpen.EnterBothAsync(source, open).ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var metadata = await source.Data.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
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
            if (open.Data is ICopyTarget target && source.Volume == open.Volume && source.Data is not AfpInfoData && open.HasAny(FileAccessMask.WriteData)
                && targetOffset + length <= Math.Min(open.Volume.Store.Traits.MaxFileLength, WriteOperation.SurelyFits))
            {
                status = open.TryBeginWrite(new ByteRange((ulong)targetOffset, (ulong)length), out var turn);
                if (status == NtStatus.Success)
                {
                    try
                    {
                        status = await open.ChangeDataAsync(
                            targetOffset,
                            length,
                            () => target.CopyFromAsync(source.Handle, sourceOffset, targetOffset, length, cancellationToken))
                                .ConfigureAwait(false);
                    }
                    finally
                    {
                        open.EndWrite(turn);
                    }
                }
            }

            if (status == NtStatus.NotSupported)
            {
                status = await open.CopyThroughBufferAsync(source, sourceOffset, targetOffset, length, cancellationToken)
                    .ConfigureAwait(false);
            }

            if (status == NtStatus.Success)
            {
                source.Observation?.CountRead(length);
                source.Volume.Statistics.CountRead(length);
                source.Folder?.Count(length);
            }

            return status;
        }
        finally
        {
            open.Exit();
            source.Exit();
        }
    }

    private static async ValueTask<NtStatus> CopyThroughBufferAsync(
        this FileOpen open, FileOpen source, long sourceOffset, long targetOffset, int length, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var read = await source.Data.ReadAsync(sourceOffset, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            if (!read.Succeeded)
            {
                return read.Status;
            }

            if (read.Value < length)
            {
                return NtStatus.InvalidViewSize; // truncated meanwhile
            }

            cancellationToken.ThrowIfCancellationRequested();
            return await open.WriteAsync(
                targetOffset, new ReadOnlySequence<byte>(buffer, 0, length), writeThrough: false, CancellationToken.None)
                    .ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
