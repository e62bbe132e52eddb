using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Tree;

/// <summary>
/// TREE_CONNECT response (MS-SMB2 2.2.10): StructureSize 16, ShareType (1), Reserved (1), ShareFlags (4), Capabilities (4),
/// MaximalAccess (4).
/// </summary>
internal static class TreeConnectResponse
{
    public const int FixedSize = 16;

    public static void Write(
        Span<byte> body,
        Smb2ShareType type,
        Smb2ShareFlags flags,
        Smb2ShareCapabilities capabilities,
        FileAccessMask maximalAccess)
    {
        body.Put(0, (ushort)FixedSize);
        body[2] = (byte)type;
        body[3] = 0;
        body.Put(4, (uint)flags);
        body.Put(8, (uint)capabilities);
        body.Put(12, (uint)maximalAccess);
    }
}
