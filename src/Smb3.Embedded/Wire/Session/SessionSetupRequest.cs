namespace Smb3.Embedded.Wire.Session;

/// <summary>
/// SESSION_SETUP request (MS-SMB2 2.2.5), offsets in the body:
/// <code>
///  0 StructureSize 25   2 Flags   3 SecurityMode   4 Capabilities   8 Channel
/// 12 SecurityBufferOffset, SecurityBufferLength (14)   16 PreviousSessionId   24 Buffer
/// </code>
/// </summary>
internal readonly ref struct SessionSetupRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 25;

    private readonly ReadOnlySpan<byte> _message;

    private SessionSetupRequest(ReadOnlySpan<byte> message) => _message = message;

    public SessionSetupRequestFlags Flags => (SessionSetupRequestFlags)_message[Body + 2];

    public Smb2SecurityMode SecurityMode => (Smb2SecurityMode)_message[Body + 3];

    public Smb2Capabilities Capabilities => (Smb2Capabilities)_message.UInt32(Body + 4);

    /// <summary>The session that this one replaces after a lost connection; 0 for none.</summary>
    public ulong PreviousSessionId => _message.UInt64(Body + 16);

    /// <summary>The GSS token; may be empty.</summary>
    public ReadOnlySpan<byte> SecurityBuffer =>
        MessageBuffer.Slice(_message, _message.UInt16(Body + 12), _message.UInt16(Body + 14));

    public static bool TryParse(ReadOnlySpan<byte> message, out SessionSetupRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 12), message.UInt16(Body + 14), Body + 24))
        {
            return false;
        }

        request = new SessionSetupRequest(message);
        return true;
    }
}
