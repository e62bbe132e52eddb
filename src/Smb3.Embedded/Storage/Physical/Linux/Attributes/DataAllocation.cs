using System.Runtime.InteropServices;

namespace Smb3.Embedded.Storage.Physical.Linux.Attributes;

/// <summary>
/// What the data of a file occupies (MS-FSCC 2.4.2, AllocationSize). The blocks of an inode count more than that: where attributes
/// do not fit into the inode, ext4 and XFS give them a block, which is counted with the data's.
/// </summary>
internal static unsafe class DataAllocation
{
    private const int MaxExtents = 32;

    /// <summary>Asks the file system, when the inode's blocks alone do not say it.</summary>
    public static long Of(FileDescriptor file, in StatxBuffer stat, bool hasAttributes)
    {
        if (!IsUnclear(stat, hasAttributes))
        {
            return Blocks(stat);
        }

        return Ask(file) ?? Guess(stat, hasAttributes);
    }

    /// <summary>
    /// What the inode's blocks say, taking one block that is one too many for the attributes': for listings, which open no file.
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

    private static long? Ask(FileDescriptor file)
    {
        var request = new Extents { Length = ulong.MaxValue, Count = MaxExtents };
        if (Native.GetExtents(file, Native.GetExtentsRequest, &request) != 0)
        {
            // A place only answers nothing; to look at the extents is to read.
            using var open = LinuxTree.Reopen(file, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _);
            request = new Extents { Length = ulong.MaxValue, Count = MaxExtents };
            if (open is null || Native.GetExtents(open, Native.GetExtentsRequest, &request) != 0)
            {
                return null;
            }
        }

        if (request.Mapped >= MaxExtents)
        {
            return null;
        }

        var sum = 0L;
        for (var i = 0; i < request.Mapped; i++)
        {
            sum += (long)BitConverter.ToUInt64(new ReadOnlySpan<byte>(request.Raw + (i * 56) + 16, 8));
        }

        return sum;
    }

    /// <summary>struct fiemap with room for its extents of 56 bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Extents
    {
        public ulong Start;
        public ulong Length;
        public uint Flags;
        public uint Mapped;
        public uint Count;
        public uint Reserved;
        public fixed byte Raw[MaxExtents * 56];
    }
}
