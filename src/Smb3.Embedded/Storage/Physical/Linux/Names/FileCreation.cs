using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Handles;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Naming;

namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Creates files and directories.</summary>
/// <param name="volume">The volume.</param>
/// <param name="directories">Serialize the store's own changes of each directory's entries.</param>
internal sealed unsafe class FileCreation(LinuxVolume volume, InodeLocks directories)
{
    /// <summary>Creates a file and opens it; PENDING when <paramref name="quick"/> and it would wait for the disk.</summary>
    public NtResult<IStoreFile> Create(StorePath path, in NewFile parameters, bool quick)
    {
        if (volume.Options.ReadOnly)
        {
            return NtStatus.MediaWriteProtected;
        }

        if (path.IsRoot)
        {
            return NtStatus.ObjectNameCollision;
        }

        if (ReservedNames.IsIn(path))
        {
            return ReservedNames.IsIn(path.Parent) ? NtStatus.ObjectPathNotFound : NtStatus.AccessDenied;
        }

        if (LinuxTree.Encode(path.Name) is not { } disk)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var parent = volume.Tree.OpenDirectory(path.Parent, quick);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        using var place = parent.Value;
        FileDescriptor file;
        lock (directories.Of(place.AsFound))
        {
            // Whether the name is taken exactly as written shows when the file is created.
            InodeCalls.Stat(place.Descriptor, out var before);
            var status = volume.Tree.FindInOtherCase(place, before, path.Name, quick, out _, out _);
            if (status != NtStatus.ObjectNameNotFound)
            {
                return status == NtStatus.Success ? NtStatus.ObjectNameCollision : status;
            }

            var made = parameters.IsDirectory ? MakeDirectory(place.Descriptor, disk) : MakeFile(place.Descriptor, disk);
            if (!made.Succeeded)
            {
                return made.Status;
            }

            file = made.Value;
            volume.Tree.Changed(place, before, path.Name);
        }

        var actual = place.Path.Append(DiskNames.IsCanonical(path.Name) ? path.Name : DiskNames.Decode(disk.AsSpan()[..^1]));
        var handle = new LinuxFile(volume, file, actual, parameters.IsDirectory, isNew: true);
        var furnished = handle.Furnish(parameters);
        if (furnished == NtStatus.Success)
        {
            return handle;
        }

        file.Dispose();
        fixed (byte* name = disk)
        {
            _ = Native.UnlinkAt(place.Descriptor, name, parameters.IsDirectory ? Native.RemoveDirectory : 0);
        }

        return furnished;
    }

    private NtResult<FileDescriptor> MakeFile(FileDescriptor parent, byte[] disk)
    {
        // O_EXCL: neither an existing file nor a symbolic link is opened.
        const int Flags = OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive | OpenFlags.CloseOnExec;
        fixed (byte* name = disk)
        {
            var opened = Native.OpenAt(parent, name, Flags | OpenFlags.NoFollow, (uint)volume.Options.FileMode);
            return opened < 0 ? EntryCalls.ToChangeStatus(Native.LastError) : new FileDescriptor(opened);
        }
    }

    private NtResult<FileDescriptor> MakeDirectory(FileDescriptor parent, byte[] disk)
    {
        fixed (byte* name = disk)
        {
            if (Native.MakeDirectoryAt(parent, name, (uint)volume.Options.DirectoryMode) != 0)
            {
                return EntryCalls.ToChangeStatus(Native.LastError);
            }

            var flags = OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
            var opened = Native.OpenAt(parent, name, flags, 0);
            return opened < 0 ? Native.LastError.ToStatus() : new FileDescriptor(opened) { IsPlace = true };
        }
    }
}
