namespace Smb3.Embedded.Wire.Fscc;

/// <summary>FILE_ZERO_DATA_INFORMATION (MS-FSCC 2.3): FileOffset (8), BeyondFinalZero (8), either of which may be negative.</summary>
internal readonly record struct ZeroData(long Offset, long BeyondFinalZero)
{
    public const int Size = 16;

    public static bool TryParse(ReadOnlySpan<byte> input, out ZeroData data)
    {
        data = input.Length < Size ? default : new ZeroData(input.Int64(0), input.Int64(8));
        return input.Length >= Size;
    }
}
