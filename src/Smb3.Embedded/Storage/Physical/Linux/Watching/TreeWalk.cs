using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>
/// Goes through directories and has each watched before it reads it, so that nothing slips in between. Every step is made from the open
/// directory above and follows no symbolic link: what is renamed meanwhile leads nowhere else.
/// </summary>
/// <param name="tree">For whom.</param>
/// <param name="tells">Whether all that is found is new, and told. The tree's lock is held then.</param>
internal sealed class TreeWalk(WatchedTree tree, bool tells)
{
    /// <summary>Takes in a directory that came; false when not all of it could be watched and told.</summary>
    public bool Enter(FileDescriptor opened, WatchedDirectory directory, string name)
    {
        var child = WatchCalls.OpenChild(opened, [.. WatchedTree.ToBytes(name), 0], out var error);
        if (child is null)
        {
            // It went again, or nobody can see what is in it anyway.
            return error is Errno.NoEntry or Errno.NotDirectory or Errno.Loop or Errno.Access or Errno.NotPermitted;
        }

        using (child)
        {
            var met = tree.Meet(directory, name, child, out var isExhausted);
            return met is null ? !isExhausted : Look(child, met);
        }
    }

    /// <summary>Goes through what is in a directory.</summary>
    public bool Look(FileDescriptor opened, WatchedDirectory directory)
    {
        if (!TryList(opened, directory, out var directories))
        {
            return false;
        }

        if (!tells)
        {
            tree.Forget(directory, opened, directories);
        }

        foreach (var name in directories)
        {
            if (!Enter(opened, directory, name))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryList(FileDescriptor opened, WatchedDirectory directory, out HashSet<string> directories)
    {
        directories = [];
        using var reader = DirectoryReader.Open(opened, out var error);
        if (reader is null)
        {
            return error is Errno.NoEntry or Errno.Access;
        }

        while (reader.TryNext(out var nameWithZero, out var type, out error))
        {
            var bytes = nameWithZero[..^1];
            if (ReservedNames.Is(bytes))
            {
                continue;
            }

            var isDirectory = type == DirectoryReader.DirectoryType
                || (type == DirectoryReader.UnknownType
                    && LinuxTree.StatEntry(opened, nameWithZero, out var stat) == 0 && stat.IsDirectory);
            var name = Encoding.Latin1.GetString(bytes);
            if (isDirectory)
            {
                directories.Add(name);
            }

            if (tells && !tree.TellFound(directory, name, isDirectory))
            {
                return false;
            }
        }

        return error == 0;
    }
}
