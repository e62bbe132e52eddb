namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FSCTL_OFFLOAD_READ_INPUT (MS-FSCC 2.3.41):
/// <code>
///  0 Size   4 Flags   8 TokenTimeToLive   12 Reserved   16 FileOffset (8)   24 CopyLength (8)
/// </code>
/// and FSCTL_OFFLOAD_READ_OUTPUT (MS-FSCC 2.3.42):
/// <code>
///  0 Size   4 Flags   8 TransferLength (8)   16 Token (512)
/// </code>
/// </summary>
internal readonly record struct OffloadRead(uint StructureSize, uint TimeToLive, ulong Offset, ulong Length)
{
    public const int Size = 32;

    public const int ResponseSize = 16 + OffloadToken.Size;

    public const int TokenOffset = 16;

    /// <summary>OFFLOAD_READ_FLAG_ALL_ZERO_BEYOND_CURRENT_RANGE.</summary>
    public const uint AllZeroBeyond = 0x00000001;

    public static bool TryParse(ReadOnlySpan<byte> input, out OffloadRead read)
    {
        read = input.Length < Size
            ? default
            : new OffloadRead(input.UInt32(0), input.UInt32(8), input.UInt64(16), input.UInt64(24));
        return input.Length >= Size;
    }

    /// <summary>Writes all of the response but the token.</summary>
    public static void WriteResponse(Span<byte> output, uint flags, long transferLength)
    {
        output.Put(0, (uint)ResponseSize);
        output.Put(4, flags);
        output.Put(8, transferLength);
    }
}
