namespace Smb3.Embedded.Wire.Info;

/// <summary>SET_INFO response (MS-SMB2 2.2.40): StructureSize 2, and nothing else.</summary>
internal static class SetInfoResponse
{
    public const int FixedSize = 2;

    public static void Write(Span<byte> body) => body.Put(0, (ushort)FixedSize);
}
