using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// Names and streams of a file that are to be deleted, and those that are gone while opens remain (MS-FSA 2.1.1.5 and 2.1.5.5). Guarded by
/// the file's lock, which the methods take unless their names say that it is already held.
/// </summary>
internal static class FileDeletion
{
    /// <summary>Who could have left a stream empty.</summary>
    private const FileAccessMask Emptying = FileAccessMask.WriteData | FileAccessMask.AppendData;

    /// <summary>What closing <paramref name="open"/> deletes; a FILE_DELETE_ON_CLOSE takes effect here.</summary>
    public static DeletionDue BeginClose(this FileObject file, FileOpen open)
    {
        lock (file.Sync)
        {
            if (open.State.IsSuspended)
            {
                return DeletionDue.None; // what is to be deleted waits for the client in the next process
            }

            var link = open.Link!;
            if (open.State.DeleteOnClose && file.IsStream)
            {
                file.StreamDeletePending = true;
            }
            else if (open.State.DeleteOnClose && link is { Removed: false, DeletePending: false })
            {
                file.MarkDeletePending(link, open);
            }

            // The name is removed with the last open that came by it, of whatever stream; the streams then need no deletion of their own.
            if (link is { DeletePending: true, Removed: false } && (link.OpenCount == 1 || (open.DeletesAtOnce && !file.IsStream)))
            {
                return DeletionDue.Name;
            }

            var isLast = file.OpensLocked.Count == 1;
            return !file.IsStream || file.StreamRemoved || link.Removed ? DeletionDue.None
                : file.StreamDeletePending && (isLast || open.DeletesAtOnce) ? DeletionDue.Stream
                : file.GoesWhenEmpty && isLast && open.HasAny(Emptying) ? DeletionDue.EmptyStream
                : DeletionDue.None;
        }
    }

    /// <summary>The stream is gone, though opens of it may remain; it can no longer be found.</summary>
    public static void RemoveStream(this FileObject file)
    {
        lock (file.Sync)
        {
            file.StreamDeletePending = false;
            file.StreamRemoved = true;
            file.NoteStreamLocked();
        }

        file.Volume.OpenFiles.MoveStream(file, null);
    }

    /// <summary>The stream could not be deleted after all.</summary>
    public static void KeepStream(this FileObject file)
    {
        lock (file.Sync)
        {
            file.StreamDeletePending = false;
            file.NoteStreamLocked();
        }
    }

    /// <summary>All streams are gone: the file was overwritten.</summary>
    public static void RemoveStreams(this FileObject file)
    {
        FileObject[] streams;
        lock (file.Sync)
        {
            streams = [.. file.StreamsLocked];
        }

        foreach (var stream in streams)
        {
            stream.RemoveStream();
        }
    }

    /// <summary>
    /// The store was asked to delete the name; if the name stayed (a directory filled up meanwhile), it can be opened again.
    /// </summary>
    public static void EndDelete(this FileObject file, FileLink link, bool removed)
    {
        lock (file.Sync)
        {
            if (!removed)
            {
                file.Volume.Doomed.Mark(link, false);
            }
            else
            {
                file.MarkRemoved(link);
            }
        }
    }

    /// <summary>The name <paramref name="path"/> no longer leads here, though opens by it may remain.</summary>
    public static void RemoveName(this FileObject file, StorePath path)
    {
        lock (file.Sync)
        {
            if (file.FindLink(path) is { } link)
            {
                file.MarkRemoved(link);
            }
        }
    }

    /// <summary>Marks a name for deletion, or takes that back.</summary>
    public static void SetDeletePending(this FileObject file, FileOpen open, bool pending)
    {
        lock (file.Sync)
        {
            if (file.IsStream)
            {
                file.StreamDeletePending = pending;
                file.NoteStreamLocked();
                return;
            }

            if (open.Link is not { Removed: false } link || link.DeletePending == pending)
            {
                return;
            }

            if (pending)
            {
                file.MarkDeletePending(link, open);
            }
            else
            {
                file.Volume.Doomed.Mark(link, false);
            }
        }
    }

    public static void MarkDeletePending(this FileObject file, FileLink link, FileOpen by)
    {
        link.DeleterParentKey = by.State.Lease?.ParentKey;
        file.Volume.Doomed.Mark(link, true);
        if (!file.IsDirectory)
        {
            return;
        }

        foreach (var open in file.OpensLocked)
        {
            open.TellDeletePending();
        }
    }

    public static void MarkRemoved(this FileObject file, FileLink link)
    {
        if (link.DeletePending)
        {
            file.Volume.Doomed.Mark(link, false);
        }

        link.Removed = true;
        foreach (var open in file.OpensLocked)
        {
            if (open.Grant is { } grant && grant.Opens.All(one => ((FileOpen)one).Link == link))
            {
                grant.IsNameless = true;
            }
        }
    }

    /// <summary>Tells the journal of all opens that came by a name whose deletion state has changed. Called with the lock held.</summary>
    public static void NoteChangedLocked(this FileObject file, FileLink link)
    {
        if (file.Volume.Options.Journal is null)
        {
            return;
        }

        file.Common.ForEachOpenLocked(open =>
        {
            if (open.Link == link)
            {
                open.State.Changed();
            }
        });
    }

    public static void NoteStreamLocked(this FileObject file)
    {
        foreach (var open in file.OpensLocked)
        {
            open.State.Changed();
        }
    }

    public static bool IsDeletePendingLocked(this FileObject file, StorePath path) => file.StreamDeletePending || file.FindLink(path) is { DeletePending: true };
}
