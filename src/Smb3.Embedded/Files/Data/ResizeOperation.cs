using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Data;

/// <summary>Sets the length of the data and the space allocated for it.</summary>
internal static class ResizeOperation
{
    /// <summary>FileEndOfFileInformation (MS-FSA 2.1.5.15.4).</summary>
    public static ValueTask<NtStatus> SetEndOfFileAsync(this FileOpen open, long length, CancellationToken cancellationToken) =>
        open.ResizeAsync(length, allocates: false, cancellationToken);

    /// <summary>FileAllocationInformation (MS-FSA 2.1.5.15.1): an allocation below the length truncates the file.</summary>
    public static ValueTask<NtStatus> SetAllocationAsync(this FileOpen open, long size, CancellationToken cancellationToken) =>
        open.ResizeAsync(size, allocates: true, cancellationToken);

    /// <summary>
    /// FileValidDataLengthInformation (MS-FSA 2.1.5.15.15): the store keeps no such length, so only the check remains.
    /// </summary>
    public static async ValueTask<NtStatus> SetValidDataLengthAsync(this FileOpen open, long length, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.WriteData))
        {
            return NtStatus.AccessDenied;
        }

        if (!open.State.Caller.IsAdministrator)
        {
            return NtStatus.PrivilegeNotHeld; // SeManageVolumePrivilege
        }

        var metadata = await open.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return !metadata.Succeeded ? metadata.Status
            : open.IsDirectory || length < 0 || length > metadata.Value.Length ? NtStatus.InvalidParameter
            : NtStatus.Success;
    }

    private static async ValueTask<NtStatus> ResizeAsync(
        this FileOpen open, long size, bool allocates, CancellationToken cancellationToken)
    {
        if (!open.HasAny(FileAccessMask.WriteData))
        {
            return NtStatus.AccessDenied;
        }

        if (open.IsDirectory || size < 0 || size > open.Volume.Store.Traits.MaxFileLength)
        {
            return NtStatus.InvalidParameter;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (allocates)
            {
                var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
                if (!metadata.Succeeded)
                {
                    return metadata.Status;
                }

                if (size >= metadata.Value.Length)
                {
                    return await open.AllocateAsync(size, cancellationToken).ConfigureAwait(false);
                }
            }

            open.File.Caching.BreakReads(open);
            open.File.Times.BeforeWrite(open);
            open.File.NoteChange();
            var status = await open.Data.SetLengthAsync(size, cancellationToken).ConfigureAwait(false);
            open.File.NoteChange();
            open.File.Caching.BreakReads(open);
            await open.AfterTelling(status).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            // Even setting the same end again moves the time.
            if ((open.State.Pinned & PinnedTimes.LastWrite) == 0)
            {
                status = await open.Handle.SetMetadataAsync(new FileMetadataChange { LastWriteTime = open.Volume.Now() }, cancellationToken)
                    .ConfigureAwait(false);
            }

            open.NeedsArchive = true;
            await open.Volume.RaiseModifiedAsync(open, ChangeFilter.LastWrite | ChangeFilter.Size).ConfigureAwait(false);
            return status;
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>
    /// Sets aside space behind the data. As that is no write, only the change time moves (MS-FSA 2.1.5.15.1), also where the medium has stamped
    /// it as one. A write through another handle keeps its time.
    /// </summary>
    private static async ValueTask<NtStatus> AllocateAsync(this FileOpen open, long size, CancellationToken cancellationToken)
    {
        var times = open.File.Times;
        times.Watch();
        try
        {
            var writes = times.Writes;
            await open.File.Writes.WaitAsync().ConfigureAwait(false); // those under way are in what the store has then
            var before = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!before.Succeeded)
            {
                return before.Status;
            }

            open.File.Caching.BreakReads(open);
            var status = await open.Data.AllocateAsync(size, cancellationToken).ConfigureAwait(false);
            open.File.Caching.BreakReads(open);
            await open.AfterTelling(status).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            if (times.Writes == writes)
            {
                status = await SetAsync(before.Value.LastWriteTime).ConfigureAwait(false);
                if (times.Writes != writes && status == NtStatus.Success)
                {
                    status = await SetAsync(open.Volume.Now()).ConfigureAwait(false); // it was a write that has been put back
                }
            }

            await open.Volume.RaiseModifiedAsync(open, ChangeFilter.Size).ConfigureAwait(false);
            return status;
        }
        finally
        {
            times.EndWatch();
        }

        ValueTask<NtStatus> SetAsync(FileTime written) =>
            open.Handle.SetMetadataAsync(new FileMetadataChange { LastWriteTime = written }, cancellationToken);
    }
}
