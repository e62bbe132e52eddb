namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FSCTL_OFFLOAD_WRITE_INPUT (MS-FSCC 2.3.43):
/// <code>
///  0 Size   4 Flags   8 FileOffset (8)   16 CopyLength (8)   24 TransferOffset (8)   32 Token (512)
/// </code>
/// and FSCTL_OFFLOAD_WRITE_OUTPUT (MS-FSCC 2.3.44): Size (4), Flags (4), LengthWritten (8).
/// </summary>
internal readonly record struct OffloadWrite(uint StructureSize, ulong Offset, ulong Length, ulong TransferOffset)
{
    public const int Size = TokenOffset + OffloadToken.Size;

    public const int TokenOffset = 32;

    public const int ResponseSize = 16;

    public static bool TryParse(ReadOnlySpan<byte> input, out OffloadWrite write)
    {
        write = input.Length < Size
            ? default
            : new OffloadWrite(input.UInt32(0), input.UInt64(8), input.UInt64(16), input.UInt64(24));
        return input.Length >= Size;
    }

    public static void WriteResponse(Span<byte> output, long written)
    {
        output.Put(0, (uint)ResponseSize);
        output.Put(4, 0u);
        output.Put(8, written);
    }
}
