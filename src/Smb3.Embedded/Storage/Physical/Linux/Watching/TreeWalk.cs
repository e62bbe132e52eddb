using System.Text;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>
/// Walks directories and has each one watched before reading it, so that no change is missed in between. Every step starts from the open
/// parent directory and follows no symbolic link, so a rename in the meantime cannot lead the walk elsewhere.
/// </summary>
/// <param name="tree">The tree that the walk is for.</param>
/// <param name="tells">Whether everything found is new and is reported. The tree's lock is held in that case.</param>
internal sealed class TreeWalk(WatchedTree tree, bool tells)
{
    /// <summary>Adds a directory that appeared; false when not all of it could be watched and reported.</summary>
    public bool Enter(FileDescriptor opened, WatchedDirectory directory, string name)
    {
        var child = WatchCalls.OpenChild(opened, [.. WatchedTree.ToBytes(name), 0], out var error);
        if (child is null)
        {
            // It is gone again, or nobody can see what is in it anyway.
            return error is Errno.NoEntry or Errno.NotDirectory or Errno.Loop or Errno.Access or Errno.NotPermitted;
        }

        using (child)
        {
            var met = tree.Meet(directory, name, child, out var isExhausted);
            return met is null ? !isExhausted : Look(child, met);
        }
    }

    /// <summary>Walks the contents of a directory.</summary>
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
                    && InodeCalls.StatEntry(opened, nameWithZero, out var stat) == 0 && stat.IsDirectory);
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
