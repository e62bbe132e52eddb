namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FILE_ALLOCATED_RANGE_BUFFER (MS-FSCC 2.3), both asked for and answered, and the ranges of FSCTL_FILE_LEVEL_TRIM:
/// FileOffset (8), Length (8). Values are as sent and may be negative.
/// </summary>
internal readonly record struct FileRange(long Offset, long Length)
{
    public const int Size = 16;

    public static bool TryParse(ReadOnlySpan<byte> input, out FileRange range)
    {
        range = input.Length < Size ? default : new FileRange(input.Int64(0), input.Int64(8));
        return input.Length >= Size;
    }

    public void Write(Span<byte> target)
    {
        target.Put(0, Offset);
        target.Put(8, Length);
    }
}
