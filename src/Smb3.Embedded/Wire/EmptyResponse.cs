namespace Smb3.Embedded.Wire;

/// <summary>
/// The responses that only say "done": LOGOFF, TREE_DISCONNECT, FLUSH, LOCK and ECHO (MS-SMB2 2.2.8, 2.2.12, 2.2.18, 2.2.27
/// and 2.2.29). StructureSize 4, Reserved (2).
/// </summary>
internal static class EmptyResponse
{
    public const int FixedSize = 4;

    public static void Write(Span<byte> body)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)FixedSize);
    }
}
