namespace Smb3.Embedded.Wire.Oplock;

/// <summary>
/// OPLOCK_BREAK notification and response, which look the same (MS-SMB2 2.2.23.1 and 2.2.25.1): StructureSize 24,
/// OplockLevel (1), Reserved (1), Reserved2 (4), FileId (16).
/// </summary>
internal static class OplockBreakResponse
{
    public const int FixedSize = 24;

    public static void Write(Span<byte> body, Smb2OplockLevel level, Smb2FileId fileId)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)FixedSize);
        body[2] = (byte)level;
        fileId.Write(body, 8);
    }
}
