namespace Smb3.Embedded.Wire.Fscc;

/// <summary>
/// FSCTL_GET_COMPRESSION reply and FSCTL_SET_COMPRESSION request (MS-FSCC 2.3): CompressionState (2).
/// </summary>
internal static class CompressionState
{
    public const int Size = sizeof(ushort);

    public const ushort None = 0;

    /// <summary>Whatever the file system uses.</summary>
    public const ushort Default = 1;

    public const ushort Lznt1 = 2;

    public static ushort Read(ReadOnlySpan<byte> input) => input.UInt16(0);

    public static void Write(Span<byte> output, ushort state) => output.Put(0, state);
}
