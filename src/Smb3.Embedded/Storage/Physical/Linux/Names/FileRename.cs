using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Moves files and directories from one name to another.</summary>
/// <param name="volume">The volume.</param>
/// <param name="directories">Serialize the store's own changes of each directory's entries.</param>
internal sealed class FileRename(LinuxVolume volume, InodeLocks directories)
{
    /// <summary>Moves a name; PENDING when <paramref name="quick"/> and it would wait for the disk.</summary>
    public NtStatus Rename(StorePath from, StorePath to, bool replace, bool quick)
    {
        if (volume.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (from.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        if (to.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (ReservedNames.IsIn(from) || ReservedNames.IsIn(to))
        {
            return ReservedNames.IsIn(from) ? NtStatus.ObjectNameNotFound : NtStatus.AccessDenied;
        }

        if (LinuxTree.Encode(to.Name) is not { } wanted)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var oldParent = volume.Tree.OpenDirectory(from.Parent, quick);
        if (!oldParent.Succeeded)
        {
            return oldParent.Status;
        }

        using var oldPlace = oldParent.Value;
        var newParent = volume.Tree.OpenDirectory(to.Parent, quick);
        if (!newParent.Succeeded)
        {
            return newParent.Status;
        }

        using var newPlace = newParent.Value;

        var (first, second) = directories.OfBoth(oldPlace.AsFound, newPlace.AsFound);
        lock (first)
        {
            lock (second)
            {
                return Rename(oldPlace, from.Name, newPlace, to.Name, wanted, replace, quick);
            }
        }
    }

    private NtStatus Rename(
        DirectoryPlace oldPlace, ReadOnlySpan<char> from, DirectoryPlace newPlace, ReadOnlySpan<char> to,
        byte[] wanted, bool replace, bool quick)
    {
        InodeCalls.Stat(oldPlace.Descriptor, out var oldBefore);
        var sameDirectory = oldPlace.AsFound.Inode == newPlace.AsFound.Inode && oldPlace.AsFound.Device == newPlace.AsFound.Device;
        var newBefore = oldBefore;
        if (!sameDirectory)
        {
            InodeCalls.Stat(newPlace.Descriptor, out newBefore);
        }

        var status = volume.Tree.FindName(oldPlace, oldBefore, from, quick, out var oldName, out var moved);
        if (status != NtStatus.Success)
        {
            return status;
        }

        byte[] source = [.. oldName, 0];
        status = volume.Tree.FindName(newPlace, newBefore, to, quick, out var existing, out var victim);
        if (status is not (NtStatus.Success or NtStatus.ObjectNameNotFound))
        {
            return status;
        }

        using var moving = volume.Charges?.BeginMove(oldPlace.Descriptor, source, moved, volume.Streams);
        Errno error;
        if (status == NtStatus.ObjectNameNotFound || (sameDirectory && existing.AsSpan().SequenceEqual(oldName)))
        {
            error = source.AsSpan().SequenceEqual(wanted) && sameDirectory
                ? 0
                : EntryCalls.MoveToFreeName(oldPlace.Descriptor, source, newPlace.Descriptor, wanted);
        }
        else
        {
            if (!replace)
            {
                return NtStatus.ObjectNameCollision;
            }

            byte[] target = [.. existing, 0];
            if (victim.IsDirectory || moved.IsDirectory)
            {
                return NtStatus.AccessDenied;
            }

            using var streams = volume.Streams.PrepareRemoval(newPlace.Descriptor, target, victim);
            error = victim.Inode == moved.Inode && victim.Device == moved.Device
                ? EntryCalls.Unlink(oldPlace.Descriptor, source, 0) // rename(2) does nothing between two names of the same file
                : EntryCalls.Move(oldPlace.Descriptor, source, newPlace.Descriptor, target, 0);
            if (error == 0)
            {
                streams.Finish();
            }

            // The name of the file that was replaced may differ in case from the requested one.
            if (error == 0 && !target.AsSpan().SequenceEqual(wanted))
            {
                _ = EntryCalls.MoveToFreeName(newPlace.Descriptor, target, newPlace.Descriptor, wanted);
            }
        }

        if (error != 0)
        {
            return EntryCalls.ToChangeStatus(error);
        }

        if (!sameDirectory)
        {
            volume.Tree.Changed(oldPlace, oldBefore, default);
        }

        volume.Tree.Changed(newPlace, newBefore, to);
        return NtStatus.Success;
    }
}
