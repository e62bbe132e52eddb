using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>Puts together what clients see of a file, from its inode and its extended attributes.</summary>
/// <param name="attributes">What the extended attributes say.</param>
/// <param name="rootDevice">The device of the store's root.</param>
/// <param name="showsCompression">Whether the store can compress files, and so says which ones are.</param>
/// <param name="leases">Leases held on files of the store.</param>
internal sealed class MetadataReader(AttributeMemory attributes, ulong rootDevice, bool showsCompression, LeaseRegister leases)
{
    /// <summary>Collects what is known about a file.</summary>
    public FileMetadata Of(FileDescriptor file, in StatxBuffer stat, in InodeExtras? known = null)
    {
        var extras = known ?? attributes.Of(file, stat);
        return OfEntry(stat, extras) with { AllocationSize = DataAllocation.Of(file, stat, extras.HasAny, leases) };
    }

    /// <summary>Collects what is known about a directory entry that is not opened.</summary>
    public FileMetadata OfEntry(in StatxBuffer stat, in InodeExtras extras)
    {
        var record = extras.Record;
        var shown = (record?.Attributes ?? DosRecord.DefaultAttributes(stat)) & ~FileAttributes.Compressed;
        if (showsCompression && (stat.Attributes & StatxBuffer.IsCompressed) != 0)
        {
            shown |= FileAttributes.Compressed;
        }

        var inodeChange = stat.Change.ToFileTime();
        return new FileMetadata
        {
            FileId = FileId(stat),
            Attributes = stat.IsDirectory ? shown | FileAttributes.Directory : shown,
            Length = stat.IsDirectory ? 0 : stat.Size,
            AllocationSize = DataAllocation.Guess(stat, extras.HasAny),
            EaSize = extras.EaSize,
            CreationTime = record?.Creation
                ?? ((stat.Mask & StatxBuffer.BirthTime) != 0 ? stat.Birth.ToFileTime() : Earlier(stat.Modify.ToFileTime(), inodeChange)),
            LastAccessTime = stat.Access.ToFileTime(),
            LastWriteTime = stat.Modify.ToFileTime(),
            ChangeTime = record?.ChangeTime(inodeChange) ?? inodeChange,
            UnixMode = (UnixFileMode)(stat.Mode & 0xFFF),
            LinkCount = stat.IsDirectory ? 1 : Math.Max(stat.Links, 1),
            ReparseTag = record?.ReparseTag ?? 0,
        };
    }

    private static FileTime Earlier(FileTime left, FileTime right) => left.Ticks <= right.Ticks ? left : right;

    // Files on the root's device use their inode number; other devices below it (btrfs subvolumes, mounts) are mixed into the upper bits.
    private ulong FileId(in StatxBuffer stat)
    {
        var id = stat.Inode;
        if (stat.Device != rootDevice)
        {
            id ^= (stat.Device + 1) * 0x9E3779B97F4A7C15UL;
        }

        return id == 0 ? ulong.MaxValue : id;
    }
}
