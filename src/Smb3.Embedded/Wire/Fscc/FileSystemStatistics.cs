namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FILESYSTEM_STATISTICS (MS-FSCC 2.3.12.1) or FILESYSTEM_STATISTICS_EX (winioctl.h; MS-FSCC has no such FSCTL), of one processor, with the
/// NTFS_STATISTICS that follow: FileSystemType (2), Version (2), SizeOfCompleteStructure (4), and twelve counters of 4 or 8 bytes: reads, bytes
/// read and reads from the disk, the same of writes, and all six for metadata.
/// </summary>
internal readonly record struct FileSystemStatistics(long Reads, long ReadBytes, long Writes, long WriteBytes)
{
    /// <summary>The least that a client has to have room for: the part that all file systems have.</summary>
    public const int MinimumSize = 56;

    /// <summary>The same of FILESYSTEM_STATISTICS_EX.</summary>
    public const int MinimumSizeEx = 104;

    private const ushort Ntfs = 1;
    private const ushort CurrentVersion = 1;

    // 56 bytes and NTFS_STATISTICS (216), or 104 and NTFS_STATISTICS_EX (472), each rounded up to a multiple of 64 (winioctl.h). The
    // documentation multiplies SizeOfCompleteStructure by the number of processors; file systems of Windows set, and programs expect, the
    // distance from one processor's to the next.
    private const int Size = 320;
    private const int SizeEx = 576;

    /// <summary>The size of what <see cref="Write"/> writes.</summary>
    public static int SizeOf(bool isExtended) => isExtended ? SizeEx : Size;

    /// <summary>Writes it into a cleared span. What concerns metadata, disks and the structures of NTFS itself is nowhere counted.</summary>
    public void Write(Span<byte> target, bool isExtended)
    {
        target.Put(0, Ntfs);
        target.Put(2, CurrentVersion);
        target.Put(4, (uint)SizeOf(isExtended));
        if (isExtended)
        {
            target.Put(8, Reads);
            target.Put(16, ReadBytes);
            target.Put(32, Writes);
            target.Put(40, WriteBytes);
            return;
        }

        target.Put(8, unchecked((uint)Reads));
        target.Put(12, unchecked((uint)ReadBytes));
        target.Put(20, unchecked((uint)Writes));
        target.Put(24, unchecked((uint)WriteBytes));
    }
}
