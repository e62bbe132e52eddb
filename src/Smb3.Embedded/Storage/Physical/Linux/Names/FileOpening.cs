using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Handles;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Opens files and directories that exist.</summary>
/// <param name="volume">The volume.</param>
internal sealed class FileOpening(LinuxVolume volume)
{
    private readonly KnownFiles _known = new();

    /// <summary>Opens what is at a path; PENDING when <paramref name="quick"/> and it would wait for the disk.</summary>
    public NtResult<IStoreFile> Open(StorePath path, StoreAccess access, bool quick)
    {
        if (access == StoreAccess.ReadWrite && volume.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (ReservedNames.IsIn(path))
        {
            return ReservedNames.IsIn(path.Parent) ? NtStatus.ObjectPathNotFound : NtStatus.ObjectNameNotFound;
        }

        // A file that may have a lease is inspected before it is opened.
        if (access != StoreAccess.Metadata && volume.Leases.IsEmpty && _known.Has(path))
        {
            if (OpenKnown(path, access, quick) is { } known)
            {
                return known;
            }

            _known.Remove(path);
        }

        var found = volume.Tree.Open(path, quick, out var actual, out var parent);
        if (found.Succeeded)
        {
            return Reopen(found.Value, path, actual, access);
        }

        using (parent)
        {
            return LeadsThroughReparsePoint(path, parent, found.Status, quick) ? NtStatus.ReparsePointEncountered : found.Status;
        }
    }

    /// <summary>Opens a file for data without inspecting it first; null when the simple case does not apply.</summary>
    private LinuxFile? OpenKnown(StorePath path, StoreAccess access, bool quick)
    {
        var opened = volume.Tree.OpenExact(path, DataFlags(access), quick, out var actual);
        if (opened is null)
        {
            return null;
        }

        if (InodeCalls.Stat(opened, out var stat) == 0 && stat.IsRegular && !volume.Streams.Side.Holds(opened, stat))
        {
            return new LinuxFile(volume, opened, actual, isDirectory: false, new Opening(stat));
        }

        opened.Dispose();
        return null;
    }

    private static int DataFlags(StoreAccess access) =>
        (access == StoreAccess.Read ? OpenFlags.ReadOnly : OpenFlags.ReadWrite) | OpenFlags.NoTerminal | OpenFlags.NonBlocking;

    /// <summary>
    /// Whether nothing was found because the path leads through a reparse point. A directory that is one is empty, so this only needs to be
    /// checked when a look-up finds nothing.
    /// </summary>
    private bool LeadsThroughReparsePoint(StorePath path, DirectoryPlace? parent, NtStatus status, bool quick)
    {
        if (status is not (NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound)
            || path.IsRoot || !volume.Traits.Has(StoreAbilities.ReparsePoints))
        {
            return false;
        }

        if (parent is not null)
        {
            return !path.Parent.IsRoot && volume.Attributes.Of(parent.Descriptor, parent.AsFound).Record is { ReparseTag: not 0 };
        }

        for (var above = path.Parent; !above.IsRoot; above = above.Parent)
        {
            var found = volume.Tree.Open(above, quick, out _);
            if (!found.Succeeded)
            {
                continue; // only the first name that exists can be a reparse point
            }

            using var place = found.Value;
            return InodeCalls.Stat(place, out var stat) == 0 && volume.Attributes.Of(place, stat).Record is { ReparseTag: not 0 };
        }

        return false;
    }

    /// <summary>
    /// Turns a place into a handle. The kind of file is known before anything is opened for data: opening a FIFO would block, and opening a
    /// device can have side effects.
    /// </summary>
    private NtResult<IStoreFile> Reopen(FileDescriptor place, StorePath asked, StorePath path, StoreAccess access)
    {
        var error = InodeCalls.Stat(place, out var stat);
        if (error != 0 || !(stat.IsRegular || stat.IsDirectory) || volume.Streams.Side.Holds(place, stat))
        {
            place.Dispose();
            return error != 0 ? error.ToStatus() : NtStatus.AccessDenied;
        }

        // Finding a place needs no right. Listing it needs the right to read the names and to look up what they refer to.
        if (stat.IsDirectory && access != StoreAccess.Metadata
            && AccessCalls.May(place, AccessCalls.Read | AccessCalls.Search) is var refused && refused == Errno.Access)
        {
            place.Dispose();
            return NtStatus.AccessDenied;
        }

        if (stat.IsDirectory || access == StoreAccess.Metadata)
        {
            return new LinuxFile(volume, place, path, stat.IsDirectory, new Opening(stat));
        }

        using (place)
        {
            volume.Leases.StepAside(InodeKey.Of(stat));
            var opened = InodeCalls.Reopen(place, DataFlags(access), out error);
            if (opened is null)
            {
                volume.Leases.ComeBack(InodeKey.Of(stat));

                // Another process holds a lease on the file (F_SETLEASE) and has just been asked to give it up.
                return error == Errno.Again ? NtStatus.OplockBreakInProgress : error.ToStatus();
            }

            _known.Add(asked);
            return new LinuxFile(volume, opened, path, isDirectory: false, new Opening(stat));
        }
    }
}
