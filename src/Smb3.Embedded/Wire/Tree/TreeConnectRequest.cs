namespace Smb3.Embedded.Wire.Tree;

/// <summary>
/// TREE_CONNECT request (MS-SMB2 2.2.9): StructureSize 9, Flags (2), PathOffset (2), PathLength (2), Buffer. With
/// <see cref="TreeConnectRequestFlags.ExtensionPresent"/> contexts stand between the fixed part and the path; the offset of the path
/// already skips them.
/// </summary>
internal readonly ref struct TreeConnectRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 9;

    private readonly ReadOnlySpan<byte> _message;

    private TreeConnectRequest(ReadOnlySpan<byte> message) => _message = message;

    /// <summary>Reserved before SMB 3.1.1.</summary>
    public TreeConnectRequestFlags Flags => (TreeConnectRequestFlags)_message.UInt16(Body + 2);

    /// <summary>UTF-16LE <c>\\server\share</c>.</summary>
    public ReadOnlySpan<byte> Path => MessageBuffer.Slice(_message, _message.UInt16(Body + 4), _message.UInt16(Body + 6));

    public string GetPath() => Path.Utf16();

    public static bool TryParse(ReadOnlySpan<byte> message, out TreeConnectRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 4), message.UInt16(Body + 6), Body + 8))
        {
            return false;
        }

        request = new TreeConnectRequest(message);
        return true;
    }
}
