namespace Smb3.Embedded.Wire.Fscc;

/// <summary>FILE_REGION_INPUT (MS-FSCC 2.3): FileOffset (8), Length (8), DesiredUsage (4), Reserved (4).</summary>
internal readonly record struct FileRegionQuery(long Offset, long Length, uint DesiredUsage)
{
    /// <summary>FILE_REGION_USAGE_VALID_CACHED_DATA.</summary>
    public const uint ValidCachedData = 0x00000001;

    private const int Size = 24;

    /// <summary>No input at all asks for the whole file.</summary>
    public static bool TryParse(ReadOnlySpan<byte> input, out FileRegionQuery query)
    {
        if (input.IsEmpty)
        {
            query = new FileRegionQuery(0, long.MaxValue, ValidCachedData);
            return true;
        }

        query = input.Length < Size ? default : new(input.Int64(0), input.Int64(8), input.UInt32(16));
        return input.Length >= Size;
    }
}

/// <summary>
/// FILE_REGION_OUTPUT (MS-FSCC 2.3): Flags (4), TotalRegionEntryCount (4), RegionEntryCount (4), Reserved (4), and regions of
/// FileOffset (8), Length (8), Usage (4), Reserved (4).
/// </summary>
internal static class FileRegionsResponse
{
    public const int HeaderSize = 16;
    public const int RegionSize = 24;

    public static void WriteHeader(Span<byte> output, int total, int returned)
    {
        output[..HeaderSize].Clear();
        output.Put(4, (uint)total);
        output.Put(8, (uint)returned);
    }

    public static void WriteRegion(Span<byte> output, int index, FileRange range, uint usage)
    {
        var region = output.Slice(HeaderSize + (index * RegionSize), RegionSize);
        range.Write(region);
        region.Put(16, usage);
        region.Put(20, 0u);
    }
}
