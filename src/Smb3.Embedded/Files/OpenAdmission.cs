using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Sharing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>Whether a file can have one more open, beside those that it has, and what that open may cache.</summary>
internal static class OpenAdmission
{
    /// <summary>Whether every open of every stream allows the file to be deleted.</summary>
    public static bool StreamsShareDelete(this FileObject file)
    {
        lock (file.Sync)
        {
            foreach (var stream in file.StreamsLocked)
            {
                if (!stream.SharingLocked.Allows(FileAccessMask.Delete, ShareAccess.All))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>
    /// Whether a new open with this access and sharing would collide with the existing ones, or only with those of the client.
    /// </summary>
    public static NtStatus CheckShare(this FileObject file, StorePath path, FileAccessMask access, ShareAccess share, Guid? client)
    {
        lock (file.Sync)
        {
            if (file.IsDeletePendingLocked(path))
            {
                return NtStatus.DeletePending;
            }

            if (client is null)
            {
                return file.AllowsLocked(access, share) ? NtStatus.Success : NtStatus.SharingViolation;
            }

            foreach (var open in file.OpensLocked)
            {
                if (open.State.ClientGuid == client && !ShareModes.Allow(open.GrantedAccess, open.ShareAccess, access, share))
                {
                    return NtStatus.SharingViolation;
                }
            }

            return NtStatus.Success;
        }
    }

    /// <summary>
    /// Adds an open, unless its name is to be deleted or its sharing collides, and grants it the caching that it asks for. Caches of other
    /// clients that must be given up first are broken.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="open">The open.</param>
    /// <param name="path">The name by which it was opened.</param>
    /// <param name="wish">The caching that it asks for.</param>
    /// <param name="extent">Bytes that the file takes up now.</param>
    /// <param name="overwrites">Whether it overwrites the file, which counts as writing for the other opens that share it.</param>
    /// <param name="again">Whether it has waited before.</param>
    /// <param name="patient">Whether it waits for opens that are about to be closed (<see cref="FileOpen.IsLeaving"/>).</param>
    /// <param name="knowsAwaited">Whether its client can be told of opens that wait for theirs (<see cref="FileOpen.IsAwaited"/>).</param>
    /// <param name="wait">With PENDING: what to wait for before trying again.</param>
    public static NtStatus TryAdd(
        this FileObject file, FileOpen open, StorePath path, CachingRequest? wish, long extent, bool overwrites, bool again, bool patient, bool knowsAwaited,
        out OpenWait? wait)
    {
        BreakBatch breaks = default;
        var status = file.TryAdd(open, path, wish, overwrites ? 0 : extent, overwrites, again, patient, knowsAwaited, ref breaks, out wait);
        breaks.Send();

        // It may wait for the answer to one, or be granted anew what the client has not been told to have lost.
        file.Caching.SendHeld();
        return status;
    }

    private static NtStatus TryAdd(
        this FileObject file, FileOpen open, StorePath path, CachingRequest? wish, long extent, bool overwrites, bool again, bool patient,
        bool knowsAwaited, ref BreakBatch breaks, out OpenWait? wait)
    {
        wait = null;
        lock (file.Sync)
        {
            // What it has found as the data is about to be a stream, or is one already: it looks again.
            if (!open.IsOfStream && (file.IsStream || file.Common.Exchange is not null))
            {
                wait = new OpenWait(file.Common.Exchange?.Task ?? Task.CompletedTask);
                return NtStatus.Pending;
            }

            var link = file.FindLink(path);
            if (file.IsDeletePendingLocked(path))
            {
                wait = patient ? file.WaitForDeletionLocked(path) : null;
                return wait is null ? NtStatus.DeletePending : NtStatus.Pending;
            }

            // For the other opens, truncating a file is writing to it (MS-FSA 2.1.5.1.2).
            var access = open.GrantedAccess | (overwrites ? FileAccessMask.WriteData : 0);
            var collides = !file.AllowsLocked(access, open.ShareAccess);
            if (file.Caching.BreakForOpen(wish, open, collides, overwrites, again, ref breaks))
            {
                wait = new OpenWait(file.Caching.WhenChanged());
                return NtStatus.Pending;
            }

            var onlyLeaving = patient
                && (collides ? file.OnlyLeavingCollide(access, open.ShareAccess) : wish is not null && file.OnlyLeavingHoldBack(wish, extent));
            if (onlyLeaving)
            {
                wait = new OpenWait(file.Caching.WhenChanged(), IsForLeaving: true);
                return NtStatus.Pending;
            }

            if (knowsAwaited && file.IsUnavailable(access, open.ShareAccess, collides))
            {
                return NtStatus.FileNotAvailable;
            }

            if (collides)
            {
                return NtStatus.SharingViolation;
            }

            var status = file.Caching.Add(open, file.Volume.Recall is { } recall ? recall.Limit(wish, path) : wish, extent);
            if (status != NtStatus.Success)
            {
                return status;
            }

            file.Enter(open, link, path);
            return NtStatus.Success;
        }
    }

    /// <summary>
    /// Adds an open that existed before the server came up: it shared the file with the others then, so nothing is checked again.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="open">The open.</param>
    /// <param name="path">The name by which it is open.</param>
    /// <param name="record">The state it had.</param>
    /// <param name="wasOpen">Whether it was open, and not only planned to be.</param>
    /// <param name="table">The leases of its client; <see langword="null"/> if it has none.</param>
    /// <param name="sink">Where breaks go.</param>
    public static void Restore(
        this FileObject file, FileOpen open, StorePath path, OpenRecord record, bool wasOpen, LeaseTable? table, IBreakSink? sink)
    {
        lock (file.Sync)
        {
            if (!wasOpen)
            {
                file.Caching.Add(open, record.WishOf(table, sink), extent: 0); // it had been made, but not opened
            }
            else
            {
                var kept = new KeptCaching(record.Caching, record.LeaseEpoch, record.BreakingTo, record.BreakingFor);
                file.Caching.Restore(open, table, record.Lease, kept, sink);
            }

            var link = file.FindLink(path);
            file.Enter(open, link, path);
            if (!record.DeletePending)
            {
                return;
            }

            if (file.IsStream)
            {
                file.StreamDeletePending = true;
            }
            else if (!open.Link!.DeletePending)
            {
                file.MarkDeletePending(open.Link, open);
            }
        }
    }

    /// <summary>
    /// MS-FSA 2.1.5.1.2.2: deleting a file deletes its streams, so their opens must allow it; and a stream that does not allow it cannot be
    /// opened while another open holds the file for deletion.
    /// </summary>
    private static bool AllowsLocked(this FileObject file, FileAccessMask access, ShareAccess share)
    {
        if (!file.SharingLocked.Allows(access, share))
        {
            return false;
        }

        if (!file.IsStream)
        {
            return (access & FileAccessMask.Delete) == 0 || file.StreamsLocked.Count == 0 || file.StreamsShareDelete();
        }

        const FileAccessMask Data = FileAccessMask.ReadData | FileAccessMask.WriteData | FileAccessMask.AppendData
            | FileAccessMask.Execute | FileAccessMask.Delete;
        return (share & ShareAccess.Delete) != 0 || (access & Data) == 0
            || !file.Whole.SharingLocked.AnyDeleter;
    }
}
