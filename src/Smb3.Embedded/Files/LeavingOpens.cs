using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Sharing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// Opens whose holder has gone. A client that closes its connection is done with its files; the server finds out, and closes them, while
/// other requests go on. A request that comes after that over another connection must not find them in the way. All methods but the first
/// are called with the file's lock held.
/// </summary>
internal static class LeavingOpens
{
    /// <summary>
    /// What to wait for if the name is to be deleted and only opens that are about to be closed keep it; <see langword="null"/>: another
    /// open keeps it too.
    /// </summary>
    public static OpenWait? WaitForDeletion(this FileObject file, StorePath path)
    {
        lock (file.Sync)
        {
            return file.WaitForDeletionLocked(path);
        }
    }

    /// <summary>The same, with the file's lock held.</summary>
    public static OpenWait? WaitForDeletionLocked(this FileObject file, StorePath path)
    {
        var link = file.FindLink(path);
        var any = false;
        if (!file.StreamDeletePending)
        {
            if (!OnlyLeaving(file.Whole, one => one.Link == link, ref any))
            {
                return null;
            }

            foreach (var stream in file.Whole.StreamsLocked)
            {
                if (!OnlyLeaving(stream, one => one.Link == link, ref any))
                {
                    return null;
                }
            }
        }
        else if (!OnlyLeaving(file, static _ => true, ref any))
        {
            return null;
        }

        return any ? new OpenWait(file.Caching.WhenChanged(), IsForLeaving: true) : null;
    }

    /// <summary>Whether all opens that are incompatible with a new one are about to be closed.</summary>
    public static bool OnlyLeavingCollide(this FileObject file, FileAccessMask access, ShareAccess share) =>
        file.OnlyCollide(access, share, static one => one.IsLeaving);

    /// <summary>Whether there are opens that are incompatible with a new one, and all of them are such ones.</summary>
    public static bool OnlyCollide(this FileObject file, FileAccessMask access, ShareAccess share, Func<FileOpen, bool> such)
    {
        var any = false;
        if (!Only(file, one => Collide(one, access, share), such, ref any))
        {
            return false;
        }

        if (file.IsStream)
        {
            if (!Only(file.Whole, one => (one.GrantedAccess & FileAccessMask.Delete) != 0 && (share & ShareAccess.Delete) == 0, such, ref any))
            {
                return false;
            }
        }
        else if ((access & FileAccessMask.Delete) != 0)
        {
            foreach (var stream in file.StreamsLocked)
            {
                if (!Only(stream, static one => Collide(one, FileAccessMask.Delete, ShareAccess.All), such, ref any))
                {
                    return false;
                }
            }
        }

        return any;
    }

    /// <summary>
    /// Whether more of a request could be granted if it were not for opens that are about to be closed, and for no others.
    /// </summary>
    public static bool OnlyLeavingHoldBack(this FileObject file, CachingRequest wish, long extent)
    {
        if (file.Caching.IsGrantedInFull(wish, extent))
        {
            return false;
        }

        var any = false;
        foreach (var open in file.OpensLocked)
        {
            if (!FileCaching.HoldsBack(open, wish))
            {
                continue;
            }

            if (!open.IsLeaving)
            {
                return false;
            }

            any = true;
        }

        return any;
    }

    private static bool Collide(FileOpen one, FileAccessMask access, ShareAccess share)
    {
        var alone = default(ShareModes);
        alone.Add(one.GrantedAccess, one.ShareAccess);
        return !alone.Allows(access, share);
    }

    /// <summary>Whether the opens selected by <paramref name="which"/> are all about to be closed.</summary>
    private static bool OnlyLeaving(FileObject file, Func<FileOpen, bool> which, ref bool any) =>
        Only(file, which, static one => one.IsLeaving, ref any);

    private static bool Only(FileObject file, Func<FileOpen, bool> which, Func<FileOpen, bool> such, ref bool any)
    {
        foreach (var open in file.OpensLocked)
        {
            if (!which(open))
            {
                continue;
            }

            if (!such(open))
            {
                return false;
            }

            any = true;
        }

        return true;
    }
}
