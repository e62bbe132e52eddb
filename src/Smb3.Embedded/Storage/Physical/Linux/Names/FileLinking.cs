using System.Text;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Gives files further names.</summary>
/// <param name="volume">The volume.</param>
/// <param name="directories">Serialize the store's own changes of each directory's entries.</param>
internal sealed class FileLinking(LinuxVolume volume, InodeLocks directories)
{
    /// <summary>Creates a hard link.</summary>
    public NtStatus Link(StorePath existing, StorePath link, bool replace)
    {
        if (volume.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (link.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (ReservedNames.IsIn(existing) || ReservedNames.IsIn(link))
        {
            return ReservedNames.IsIn(existing) ? NtStatus.ObjectNameNotFound : NtStatus.AccessDenied;
        }

        if (LinuxTree.Encode(link.Name) is not { } wanted)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var found = volume.Tree.Open(existing, quick: false, out _);
        if (!found.Succeeded)
        {
            return found.Status;
        }

        using var file = found.Value;
        var error = InodeCalls.Stat(file, out var stat);
        if (error != 0)
        {
            return error.ToStatus();
        }

        if (!stat.IsRegular)
        {
            return stat.IsDirectory ? NtStatus.FileIsADirectory : NtStatus.AccessDenied;
        }

        var parent = volume.Tree.OpenDirectory(link.Parent, quick: false);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        using var place = parent.Value;
        lock (directories.Of(place.AsFound))
        {
            InodeCalls.Stat(place.Descriptor, out var before);
            var status = volume.Tree.FindName(place, before, link.Name, quick: false, out var taken, out var victim);
            if (status == NtStatus.ObjectNameNotFound)
            {
                status = EntryCalls.ToChangeStatus(EntryCalls.LinkTo(file, place.Descriptor, wanted));
            }
            else if (status == NtStatus.Success)
            {
                status = replace ? LinkOver(file, stat, place.Descriptor, [.. taken, 0], victim, wanted) : NtStatus.ObjectNameCollision;
            }

            if (status == NtStatus.Success)
            {
                volume.Tree.Changed(place, before, link.Name);
            }

            return status;
        }
    }

    private NtStatus LinkOver(FileDescriptor file, in StatxBuffer stat, FileDescriptor directory, byte[] taken, in StatxBuffer victim, byte[] wanted)
    {
        if (victim.IsDirectory)
        {
            return NtStatus.AccessDenied;
        }

        if (victim.Inode == stat.Inode && victim.Device == stat.Device)
        {
            return NtStatus.Success;
        }

        // A link can only be created under a free name; moving it over an existing file then replaces that file in one step.
        var passing = Encoding.ASCII.GetBytes($".smb3-{Guid.NewGuid():N}\0");
        var error = EntryCalls.LinkTo(file, directory, passing);
        if (error != 0)
        {
            return EntryCalls.ToChangeStatus(error);
        }

        using var streams = volume.Streams.PrepareRemoval(directory, taken, victim);
        error = EntryCalls.Move(directory, passing, directory, taken, 0);
        if (error == 0)
        {
            streams.Finish();
        }

        if (error != 0)
        {
            _ = EntryCalls.Unlink(directory, passing, 0);
        }
        else if (!taken.AsSpan().SequenceEqual(wanted))
        {
            _ = EntryCalls.MoveToFreeName(directory, taken, directory, wanted);
        }

        return error == 0 ? NtStatus.Success : EntryCalls.ToChangeStatus(error);
    }
}
