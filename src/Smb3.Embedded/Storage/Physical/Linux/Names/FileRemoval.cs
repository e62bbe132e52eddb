using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Removes names, and with the last name the file.</summary>
internal sealed class FileRemoval(LinuxFileStore store)
{
    /// <summary>Removes a file or an empty directory; PENDING when <paramref name="quick"/> and it would wait for the disk.</summary>
    public NtStatus Delete(StorePath path, bool quick)
    {
        var status = OpenParent(path, quick, out var parent);
        if (status != NtStatus.Success)
        {
            return status;
        }

        using var place = parent!;
        lock (store.DirectoryLocks.Of(place))
        {
            LinuxTree.Stat(place.Descriptor, out var before);
            status = store.Tree.FindName(place, before, path.Name, quick, out var disk, out var stat);
            if (status != NtStatus.Success)
            {
                return status;
            }

            byte[] name = [.. disk, 0];
            using var streams = StreamRemoval.Prepare(store, place.Descriptor, name, stat);
            var error = EntryCalls.Unlink(place.Descriptor, name, stat.IsDirectory ? Native.RemoveDirectory : 0);
            if (error != 0)
            {
                return RemovalCheck.ToStatus(error);
            }

            streams.Finish();
            store.Tree.Changed(place, before, default);
            return NtStatus.Success;
        }
    }

    /// <summary>Whether <see cref="Delete"/> would succeed; PENDING when <paramref name="quick"/> and it would wait for the disk.</summary>
    public NtStatus CanDelete(StorePath path, bool quick)
    {
        var status = OpenParent(path, quick, out var parent);
        if (status != NtStatus.Success)
        {
            return status;
        }

        using var place = parent!;
        var error = RemovalCheck.Directory(place);
        if (error != 0)
        {
            return RemovalCheck.ToStatus(error);
        }

        status = store.Tree.FindName(place, place.AsFound, path.Name, quick, out var disk, out var stat);
        return status == NtStatus.Success ? RemovalCheck.ToStatus(RemovalCheck.Entry(place, [.. disk, 0], stat)) : status;
    }

    private NtStatus OpenParent(StorePath path, bool quick, out DirectoryPlace? place)
    {
        place = null;
        if (store.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (path.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        if (ReservedNames.IsIn(path))
        {
            return ReservedNames.IsIn(path.Parent) ? NtStatus.ObjectPathNotFound : NtStatus.ObjectNameNotFound;
        }

        var parent = store.Tree.OpenDirectory(path.Parent, quick);
        place = parent.Succeeded ? parent.Value : null;
        return parent.Status;
    }
}
