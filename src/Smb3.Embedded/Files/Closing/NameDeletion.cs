using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Closing;

/// <summary>Deletes what the close of an open deletes.</summary>
internal static class NameDeletion
{
    public static async ValueTask DeleteNameAsync(this FileOpen open, StorePath path, Afterwards? later)
    {
        // The name may have been opened, or its deletion undone, while this waited.
        switch (open.File.BeginClose(open))
        {
            case DeletionDue.None:
                return;
            case DeletionDue.Stream:
                await open.DeleteStreamAsync().ConfigureAwait(false);
                return;
            case DeletionDue.EmptyStream:
                // Nobody else has it open, and while its file's name is held, nobody will.
                if (await open.Handle.GetMetadataAsync(CancellationToken.None).ConfigureAwait(false) is { Succeeded: true, Value.Length: 0 })
                {
                    await open.DeleteStreamAsync().ConfigureAwait(false);
                }

                return;
        }

        var seers = await open.Volume.Watches.FindSeersAsync(path).ConfigureAwait(false);
        var status = NtStatus.UnexpectedIoError;
        try
        {
            status = await open.Volume.Store.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            // A local program may have removed it first.
            var isGone = status is NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound;
            open.File.Whole.EndDelete(open.Link!, isGone);
            if (!isGone)
            {
                open.Volume.ReportRemovalFailed(path.Text, status);
            }
        }

        if (status == NtStatus.Success)
        {
            if (open.Observation is { } observation)
            {
                observation.Deleted = true;
            }

            open.Volume.Tunnel.Remember(path);
            var filter = open.File.Whole.IsDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName;

            // Two opens take part: the one that deletes the name and the one that closes it last. The lease on the directory knows of both,
            // or is broken.
            var spared = open.State.Lease?.ParentKey is { } parent && parent == open.Link!.DeleterParentKey ? (Guid?)parent : null;
            await open.Volume.RaiseAsync(new FileChange(ChangeAction.Removed, path, filter, seers), spared, later).ConfigureAwait(false);
        }
    }

    /// <summary>Deletes the stream that is open; the name of its file is held.</summary>
    private static async ValueTask DeleteStreamAsync(this FileOpen open)
    {
        var status = NtStatus.UnexpectedIoError;
        try
        {
            status = open.Handle is IStreamedFile file
                ? await file.DeleteStreamAsync(open.File.StreamName!, CancellationToken.None).ConfigureAwait(false)
                : NtStatus.NotSupported;
        }
        finally
        {
            if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
            {
                open.File.KeepStream();
                open.Volume.ReportRemovalFailed(open.FullName, status);
            }
        }

        if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
        {
            return;
        }

        if (open.Volume.Options.WritesThrough)
        {
            // It is gone from its file by now, whatever comes of this.
            await open.FlushSharedAsync(CancellationToken.None).ConfigureAwait(false);
        }

        if (open.Observation is { } observation)
        {
            observation.Deleted = true;
        }

        open.Volume.RaiseStream(ChangeAction.RemovedStream, open, ChangeFilter.StreamName);
        open.File.RemoveStream();
    }
}
