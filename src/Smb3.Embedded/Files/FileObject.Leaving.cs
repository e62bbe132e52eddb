using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Sharing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

// Opens whose holder has gone. A client that closes its connection is done with its files; the server learns of it, and closes them, beside
// everything else. Whoever comes after that, over another connection, must not find them in the way.
internal sealed partial class FileObject
{
    /// <summary>
    /// What to wait for when the name is to be deleted and only opens that are about to be closed keep it; <see langword="null"/>:
    /// somebody else keeps it too.
    /// </summary>
    public OpenWait? WaitForDeletion(StorePath path)
    {
        lock (Sync)
        {
            return WaitForDeletionLocked(path);
        }
    }

    /// <summary>An open has another holder, or none: who waits for it to leave looks again.</summary>
    public void HolderChanged()
    {
        lock (Sync)
        {
            Caching.Signal();
            SignalRelativesLocked();
        }
    }

    private OpenWait? WaitForDeletionLocked(StorePath path)
    {
        var link = FindLink(path);
        var any = false;
        if (!_streamDeletePending)
        {
            if (!OnlyLeaving(Whole, one => one.Link == link, ref any))
            {
                return null;
            }

            foreach (var stream in Whole._streams)
            {
                if (!OnlyLeaving(stream, one => one.Link == link, ref any))
                {
                    return null;
                }
            }
        }
        else if (!OnlyLeaving(this, static _ => true, ref any))
        {
            return null;
        }

        return any ? new OpenWait(Caching.WhenChanged(), IsForLeaving: true) : null;
    }

    /// <summary>Whether all opens that do not go together with one more are about to be closed.</summary>
    private bool OnlyLeavingCollide(FileAccessMask access, ShareAccess share)
    {
        var any = false;
        if (!OnlyLeaving(this, one => Collide(one, access, share), ref any))
        {
            return false;
        }

        if (_whole is not null)
        {
            if (!OnlyLeaving(_whole, one => (one.GrantedAccess & FileAccessMask.Delete) != 0 && (share & ShareAccess.Delete) == 0, ref any))
            {
                return false;
            }
        }
        else if ((access & FileAccessMask.Delete) != 0)
        {
            foreach (var stream in _streams)
            {
                if (!OnlyLeaving(stream, static one => Collide(one, FileAccessMask.Delete, ShareAccess.All), ref any))
                {
                    return false;
                }
            }
        }

        return any;
    }

    /// <summary>Whether more could be granted of a wish if it were not for opens that are about to be closed, and for no others.</summary>
    private bool OnlyLeavingHoldBack(CachingWish wish, long extent)
    {
        if (Caching.IsGrantedInFull(wish, extent))
        {
            return false;
        }

        var any = false;
        foreach (var open in _opens)
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

    /// <summary>Whether those of the opens that <paramref name="which"/> names are all about to be closed.</summary>
    private static bool OnlyLeaving(FileObject file, Func<FileOpen, bool> which, ref bool any)
    {
        foreach (var open in file._opens)
        {
            if (!which(open))
            {
                continue;
            }

            if (!open.IsLeaving)
            {
                return false;
            }

            any = true;
        }

        return true;
    }

    // The deletion and the sharing of a file and of its streams depend on one another.
    private void SignalRelativesLocked()
    {
        _whole?.Caching.Signal();
        foreach (var stream in _streams)
        {
            stream.Caching.Signal();
        }
    }
}
