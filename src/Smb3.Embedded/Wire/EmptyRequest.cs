namespace Smb3.Embedded.Wire;

/// <summary>
/// The requests that say all they have to say in the header: LOGOFF, TREE_DISCONNECT, ECHO and CANCEL (MS-SMB2 2.2.7, 2.2.11,
/// 2.2.28 and 2.2.30). StructureSize 4, Reserved (2).
/// </summary>
internal readonly ref struct EmptyRequest
{
    private const ushort StructureSize = 4;

    public static bool TryParse(ReadOnlySpan<byte> message, out EmptyRequest request)
    {
        request = default;
        return MessageBuffer.HasBody(message, StructureSize);
    }
}
