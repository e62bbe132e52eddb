using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// Opens that have lost their client and are kept for it, whatever others need: persistent handles (MS-SMB2 3.3.5.9). All methods are called
/// with the file's lock held, after the caches that are in the way have been broken.
/// </summary>
internal static class AwaitedOpens
{
    /// <summary>Whether a new open must be told that the file is not available for now.</summary>
    /// <remarks>
    /// As in Windows, a file is not available to any other open while its awaited client does not cache the handle: with cached handles the
    /// client can be asked to give way when it is back, and such a request waits for that. A directory is different, and so is a handle that
    /// only sees attributes: they hold nothing that another open could spoil, and a client that is away must neither keep all others out of
    /// the root of a share, nor out of files that it may not even read. There it depends on the sharing alone.
    /// </remarks>
    /// <param name="file">The file.</param>
    /// <param name="access">The access of the new open.</param>
    /// <param name="share">What it lets others do.</param>
    /// <param name="collides">Whether its sharing collides with that of other opens.</param>
    public static bool IsUnavailable(this FileObject file, FileAccessMask access, ShareAccess share, bool collides)
    {
        if (collides)
        {
            return file.OnlyCollide(access, share, static one => one.IsAwaited);
        }

        if (!file.HasAwaited || file.IsDirectory)
        {
            return false;
        }

        foreach (var open in file.OpensLocked)
        {
            if (open.IsAwaited && !FileCaching.IsStat(open.GrantedAccess) && !FileCaching.CachesHandle(open, andIsAsked: false))
            {
                return true;
            }
        }

        return false;
    }
}
