namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FSCTL_GET_INTEGRITY_INFORMATION reply (MS-FSCC section 2.3): ChecksumAlgorithm (2), Reserved (2), Flags (4),
/// ChecksumChunkSizeInBytes (4), ClusterSizeInBytes (4).
/// </summary>
internal readonly record struct IntegrityInformation(ushort ChecksumAlgorithm, uint Flags, uint ChunkSize, uint ClusterSize)
{
    public const int Size = 16;

    public void Write(Span<byte> output)
    {
        output.Put(0, (uint)ChecksumAlgorithm);
        output.Put(4, Flags);
        output.Put(8, ChunkSize);
        output.Put(12, ClusterSize);
    }
}
