using System.Buffers;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Copying;

/// <summary>Makes two files share extents.</summary>
internal static class CloneOperation
{
    /// <summary>
    /// Gives a range of this file the extents of a range of another (MS-FSA 2.1.5.10.4). Windows ignores byte-range locks here.
    /// </summary>
    public static async ValueTask<NtStatus> CloneFromAsync(
        this FileOpen open, FileOpen source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        if (open.Data is not ICloneTarget)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (source.Volume != open.Volume || source.IsDirectory || open.IsDirectory || source.File.IsStream != open.File.IsStream)
        {
            return NtStatus.InvalidParameter;
        }

        var rights = OperationRights.Of(FileOperation.CloneRange);
        if (!source.HasAny(rights.Source) || !open.HasAny(rights.Open))
        {
            return NtStatus.AccessDenied;
        }

        var unit = open.Volume.Store.Traits.AllocationUnit;
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

        if (source.File == open.File && sourceOffset < targetOffset + length && targetOffset < sourceOffset + length)
        {
            return NtStatus.NotSupported;
        }

        if (!await FileOpen.EnterBothAsync(source, open).ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var from = await source.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            var to = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!from.Succeeded || !to.Succeeded)
            {
                return from.Succeeded ? to.Status : from.Status;
            }

            if ((from.Value.Attributes & ~to.Value.Attributes & FileAttributes.SparseFile) != 0)
            {
                return NtStatus.NotSupported;
            }

            // The range is given in whole units, the last of which may extend past the end of the file.
            if (sourceOffset + length > RoundUp(from.Value.Length, unit))
            {
                return NtStatus.NotSupported;
            }

            var copied = Math.Min(length, from.Value.Length - sourceOffset);
            copied = Math.Min(copied, to.Value.Length - targetOffset); // the end of file stays where it is
            return copied <= 0
                ? NtStatus.Success
                : await open.ChangeDataAsync(
                    targetOffset,
                    copied,
                    () => open.CloneAsync(source, sourceOffset, targetOffset, copied, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
            source.Exit();
        }
    }

    /// <summary>Clones the whole units, and copies what is left of the last one.</summary>
    private static async ValueTask<NtStatus> CloneAsync(
        this FileOpen open, FileOpen source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken)
    {
        var rest = (int)(length % open.Volume.Store.Traits.AllocationUnit);
        var whole = length - rest;
        var status = whole == 0 ? NtStatus.Success
            : open.Data is not ICloneTarget target ? NtStatus.InvalidDeviceRequest
            : await target.CloneFromAsync(source.Handle, sourceOffset, targetOffset, whole, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success || rest == 0)
        {
            return status;
        }

        var buffer = new byte[rest];
        var read = await source.Handle.ReadAsync(sourceOffset + whole, buffer, cancellationToken).ConfigureAwait(false);
        return read.Succeeded
            ? await open.Data.WriteAsync(targetOffset + whole, new ReadOnlySequence<byte>(buffer, 0, read.Value), cancellationToken).ConfigureAwait(false)
            : read.Status;
    }

    public static long RoundUp(long size, int unit) => size > long.MaxValue - unit ? long.MaxValue : (size + unit - 1) / unit * unit;
}
