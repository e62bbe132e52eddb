using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Leases;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// The space that a file's data occupies (MS-FSCC 2.4.2, AllocationSize). The block count of an inode can exceed that: where attributes
/// do not fit into the inode, ext4 and XFS give them a block, which is counted together with those of the data.
/// </summary>
internal static unsafe class DataAllocation
{
    /// <summary>Asks the file system when the inode's block count alone does not tell.</summary>
    public static long Of(FileDescriptor file, in StatxBuffer stat, bool hasAttributes, LeaseRegister leases)
    {
        if (!IsUnclear(stat, hasAttributes))
        {
            return Blocks(stat);
        }

        return Ask(file, leases) ?? Guess(stat, hasAttributes);
    }

    /// <summary>
    /// Derives it from the inode's block count, assuming that a single surplus block holds attributes: for listings, which open no file.
    /// </summary>
    public static long Guess(in StatxBuffer stat, bool hasAttributes)
    {
        if (!IsUnclear(stat, hasAttributes))
        {
            return Blocks(stat);
        }

        var needed = Needed(stat);
        return Blocks(stat) - needed == stat.BlockSize ? needed : Blocks(stat);
    }

    private static bool IsUnclear(in StatxBuffer stat, bool hasAttributes) =>
        hasAttributes && !stat.IsDirectory && Blocks(stat) > Needed(stat);

    private static long Blocks(in StatxBuffer stat) => stat.IsDirectory ? 0 : stat.Blocks * 512;

    private static long Needed(in StatxBuffer stat) =>
        stat.BlockSize == 0 ? stat.Size : (stat.Size + stat.BlockSize - 1) / stat.BlockSize * stat.BlockSize;

    private static long? Ask(FileDescriptor file, LeaseRegister leases)
    {
        var request = new ExtentMap { Length = ulong.MaxValue, Count = ExtentMap.MaxExtents };
        if (Native.GetExtents(file, Native.GetExtentsRequest, &request) != 0)
        {
            // A place only answers no such query; looking at the extents requires opening the file for reading.
            using var open = OwnOpen.Start(leases, file, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _);
            request = new ExtentMap { Length = ulong.MaxValue, Count = ExtentMap.MaxExtents };
            if (open.File is null || Native.GetExtents(open.File, Native.GetExtentsRequest, &request) != 0)
            {
                return null;
            }
        }

        if (request.Mapped >= ExtentMap.MaxExtents)
        {
            return null;
        }

        var sum = 0L;
        for (var i = 0; i < request.Mapped; i++)
        {
            sum += (long)BitConverter.ToUInt64(new ReadOnlySpan<byte>(request.Raw + (i * ExtentMap.ExtentSize) + ExtentMap.LengthAt, 8));
        }

        return sum;
    }
}
