namespace Smb3.Embedded.Wire.Fscc;

/// <summary>FILE_LEVEL_TRIM (MS-FSCC 2.3): Key (4), NumRanges (4), Ranges. The answer is one number (4): ranges done.</summary>
internal readonly ref struct FileLevelTrim
{
    public const int ResponseSize = sizeof(uint);

    public const int FixedSize = 8;

    private readonly ReadOnlySpan<byte> _input;

    private FileLevelTrim(ReadOnlySpan<byte> input) => _input = input;

    /// <summary>For local programs that have locked the ranges under it; 0 from anybody else.</summary>
    public uint Key => _input.UInt32(0);

    public int RangeCount => (int)_input.UInt32(4);

    public FileRange this[int index] =>
        new(_input.Int64(FixedSize + (index * FileRange.Size)), _input.Int64(FixedSize + (index * FileRange.Size) + 8));

    public static bool TryParse(ReadOnlySpan<byte> input, out FileLevelTrim trim)
    {
        var valid = input.Length >= FixedSize && FixedSize + ((long)input.UInt32(4) * FileRange.Size) <= input.Length;
        trim = valid ? new FileLevelTrim(input) : default;
        return valid;
    }

    public static void WriteResponse(Span<byte> output, uint rangesProcessed) => output.Put(0, rangesProcessed);
}
