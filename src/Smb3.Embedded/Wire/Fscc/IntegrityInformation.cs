namespace Smb3.Embedded.Wire.Fscc;

/// <summary>How the data of a file is checked (MS-FSCC 2.3.20 and 2.3.73).</summary>
internal enum ChecksumType : ushort
{
    None = 0x0000,
    Crc32 = 0x0001,
    Crc64 = 0x0002,
    Unchanged = 0xFFFF,
}

/// <summary>
/// FSCTL_GET_INTEGRITY_INFORMATION_BUFFER (MS-FSCC 2.3.20): ChecksumAlgorithm (2), Reserved (2), Flags (4),
/// ChecksumChunkSizeInBytes (4), ClusterSizeInBytes (4).
/// </summary>
internal readonly record struct IntegrityInformation(ChecksumType Algorithm, uint Flags, uint ChunkSize, uint ClusterSize)
{
    public const int Size = 16;

    /// <summary>FSCTL_INTEGRITY_FLAG_CHECKSUM_ENFORCEMENT_OFF.</summary>
    public const uint EnforcementOff = 0x00000001;

    public void Write(Span<byte> output)
    {
        output.Put(0, (uint)Algorithm);
        output.Put(4, Flags);
        output.Put(8, ChunkSize);
        output.Put(12, ClusterSize);
    }
}

/// <summary>FSCTL_SET_INTEGRITY_INFORMATION_BUFFER (MS-FSCC 2.3.73): ChecksumAlgorithm (2), Reserved (2), Flags (4).</summary>
internal readonly record struct SetIntegrityInformation(ChecksumType Algorithm, uint Flags)
{
    public const int Size = 8;

    public static bool TryParse(ReadOnlySpan<byte> input, out SetIntegrityInformation data)
    {
        data = input.Length < Size ? default : new SetIntegrityInformation((ChecksumType)input.UInt16(0), input.UInt32(4));
        return input.Length >= Size;
    }
}

/// <summary>
/// FSCTL_SET_INTEGRITY_INFORMATION_BUFFER_EX (MS-FSCC 2.3.75): EnableIntegrity (1), KeepIntegrityStateUnchanged (1), Reserved1 (2),
/// Flags (4), Version (1), Reserved2 (7).
/// </summary>
internal readonly record struct SetIntegrityInformationEx(bool Enable, bool KeepsState, uint Flags, byte Version)
{
    public const int Size = 16;

    public static bool TryParse(ReadOnlySpan<byte> input, out SetIntegrityInformationEx data)
    {
        data = input.Length < Size
            ? default
            : new SetIntegrityInformationEx(input[0] != 0, input[1] != 0, input.UInt32(4), input[8]);
        return input.Length >= Size;
    }
}
