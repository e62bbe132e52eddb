namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// NTFS_VOLUME_DATA_BUFFER (MS-FSCC 2.3.22): VolumeSerialNumber (8), NumberSectors (8), TotalClusters (8), FreeClusters (8), TotalReserved
/// (8), BytesPerSector (4), BytesPerCluster (4), BytesPerFileRecordSegment (4), ClustersPerFileRecordSegment (4), and five fields (8 each)
/// that say where the master file table is.
/// </summary>
internal static class NtfsVolumeData
{
    public const int Size = 96;

    // What NTFS has for a file that is small.
    private const uint FileRecordSize = 1024;

    /// <summary>Writes it into a cleared span. There is no master file table, so what would say where it is stays 0.</summary>
    public static void Write(Span<byte> target, ulong serialNumber, long totalBytes, long freeBytes, int sectorSize, int clusterSize)
    {
        var clusters = totalBytes / clusterSize;
        target.Put(0, serialNumber);
        target.Put(8, clusters * (clusterSize / sectorSize));
        target.Put(16, clusters);
        target.Put(24, freeBytes / clusterSize);
        target.Put(40, (uint)sectorSize);
        target.Put(44, (uint)clusterSize);
        target.Put(48, FileRecordSize);
    }
}
