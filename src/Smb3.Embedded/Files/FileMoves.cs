using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>What happens to the opens of a file when it, or a stream of it, gets another name.</summary>
internal static class FileMoves
{
    /// <summary>The stream now has another name.</summary>
    public static void RenameStream(this FileObject file, string name)
    {
        lock (file.Sync)
        {
            file.StreamName = name;
            foreach (var open in file.OpensLocked)
            {
                open.State.StreamMoved();
            }
        }

        file.Volume.OpenFiles.MoveStream(file, name);
    }

    /// <summary>
    /// The store is about to give the stream another name; <see langword="null"/>: it did not. True if that must be safe first.
    /// </summary>
    public static bool PlanStreamMove(this FileObject file, string? name)
    {
        var isKept = false;
        lock (file.Sync)
        {
            foreach (var open in file.OpensLocked)
            {
                open.State.PlanStreamMove(name);
                isKept |= open.State.IsKept;
            }
        }

        return isKept;
    }

    /// <summary>
    /// The store is about to give the file another name; <see langword="null"/>: it did not. True if that must be safe first, because a journal
    /// keeps an open that came by the name.
    /// </summary>
    public static bool PlanMove(this FileObject file, FileLink link, StorePath? path)
    {
        var isKept = false;
        lock (file.Sync)
        {
            file.Common.ForEachOpenLocked(open =>
            {
                if (open.Link == link && open.State.IsKept)
                {
                    open.State.PlanMove(path);
                    isKept = true;
                }
            });
        }

        return isKept;
    }

    /// <summary>A name has moved, and with it all opens that came by it.</summary>
    public static void Move(this FileObject file, FileLink link, StorePath path)
    {
        lock (file.Sync)
        {
            if (file.IsDirectory)
            {
                file.Volume.LeasedDirectories.Move(link.Path, path, file);
            }

            var pending = link.DeletePending;
            if (pending)
            {
                file.Volume.Doomed.Mark(link, false); // it is registered by name
            }

            link.Path = path;
            if (pending)
            {
                file.Volume.Doomed.Mark(link, true);
            }

            file.Common.ForEachOpenLocked(open =>
            {
                if (open.Link == link)
                {
                    open.State.MoveTo(path);
                }
            });
        }
    }
}
