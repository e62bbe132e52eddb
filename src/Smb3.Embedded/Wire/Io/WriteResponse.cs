namespace Smb3.Embedded.Wire.Io;

/// <summary>
/// WRITE response (MS-SMB2 2.2.22): StructureSize 17, Reserved (2), Count (4), Remaining (4), WriteChannelInfoOffset (2),
/// WriteChannelInfoLength (2). The buffer that the odd size announces is never there.
/// </summary>
internal static class WriteResponse
{
    public const int FixedSize = 16;

    public static void Write(Span<byte> body, uint count)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)17);
        body.Put(4, count);
    }
}
