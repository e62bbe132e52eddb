namespace Smb3.Embedded.Wire.Session;

/// <summary>
/// SESSION_SETUP response (MS-SMB2 2.2.6): StructureSize 9, SessionFlags (2), SecurityBufferOffset (2),
/// SecurityBufferLength (2), Buffer.
/// </summary>
internal static class SessionSetupResponse
{
    public const int FixedSize = 8;

    public static int Size(int securityBufferLength) => FixedSize + securityBufferLength;

    /// <summary>Writes the body and returns its length.</summary>
    public static int Write(Span<byte> body, Smb2SessionFlags flags, scoped ReadOnlySpan<byte> securityBuffer)
    {
        body.Put(0, (ushort)9);
        body.Put(2, (ushort)flags);
        body.Put(4, (ushort)(Smb2Header.Size + FixedSize));
        body.Put(6, (ushort)securityBuffer.Length);
        securityBuffer.CopyTo(body[FixedSize..]);
        return Size(securityBuffer.Length);
    }
}
