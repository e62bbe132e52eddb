using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Removes names, and with the last name the file.</summary>
/// <param name="volume">The volume.</param>
/// <param name="directories">Serialize the store's own changes of each directory's entries.</param>
internal sealed class FileRemoval(LinuxVolume volume, InodeLocks directories)
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
        lock (directories.Of(place.AsFound))
        {
            InodeCalls.Stat(place.Descriptor, out var before);
            status = volume.Tree.FindName(place, before, path.Name, quick, out var disk, out var stat);
            if (status != NtStatus.Success)
            {
                return status;
            }

            byte[] name = [.. disk, 0];
            using var streams = volume.Streams.PrepareRemoval(place.Descriptor, name, stat);
            var error = EntryCalls.Unlink(place.Descriptor, name, stat.IsDirectory ? Native.RemoveDirectory : 0);
            if (error != 0)
            {
                return RemovalCheck.ToStatus(error);
            }

            streams.Finish();
            volume.Tree.Changed(place, before, default);
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

        status = volume.Tree.FindName(place, place.AsFound, path.Name, quick, out var disk, out var stat);
        return status == NtStatus.Success ? RemovalCheck.ToStatus(RemovalCheck.Entry(place, [.. disk, 0], stat)) : status;
    }

    private NtStatus OpenParent(StorePath path, bool quick, out DirectoryPlace? place)
    {
        place = null;
        if (volume.Options.ReadOnly)
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

        var parent = volume.Tree.OpenDirectory(path.Parent, quick);
        place = parent.Succeeded ? parent.Value : null;
        return parent.Status;
    }
}
