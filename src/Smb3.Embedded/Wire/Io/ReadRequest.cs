namespace Smb3.Embedded.Wire.Io;

/// <summary>
/// READ request (MS-SMB2 2.2.19), offsets in the body:
/// <code>
///  0 StructureSize 49   2 Padding   3 Flags   4 Length   8 Offset   16 FileId (16)   32 MinimumCount   36 Channel
/// 40 RemainingBytes    44 ReadChannelInfoOffset, ReadChannelInfoLength (46)         48 Buffer
/// </code>
/// </summary>
internal readonly ref struct ReadRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 49;

    private readonly ReadOnlySpan<byte> _message;

    private ReadRequest(ReadOnlySpan<byte> message) => _message = message;

    public ReadFlags Flags => (ReadFlags)_message[Body + 3];

    public uint Length => _message.UInt32(Body + 4);

    public ulong Offset => _message.UInt64(Body + 8);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 16);

    public uint MinimumCount => _message.UInt32(Body + 32);

    /// <summary>Reserved, and therefore ignored, before SMB 3.0.</summary>
    public Smb2Channel Channel => (Smb2Channel)_message.UInt32(Body + 36);

    public uint RemainingBytes => _message.UInt32(Body + 40);

    public static bool TryParse(ReadOnlySpan<byte> message, out ReadRequest request)
    {
        var valid = MessageBuffer.HasBody(message, StructureSize);
        request = valid ? new ReadRequest(message) : default;
        return valid;
    }

    /// <summary>
    /// The RDMA descriptors. Without a channel their field is reserved, so it can only be wrong when one is used: false when it lies
    /// outside the message.
    /// </summary>
    public bool TryGetChannelInfo(out ReadOnlySpan<byte> channelInfo)
    {
        var offset = _message.UInt16(Body + 44);
        var length = _message.UInt16(Body + 46);
        var valid = MessageBuffer.Fits(_message, offset, length, Body + 48);
        channelInfo = valid ? MessageBuffer.Slice(_message, offset, length) : default;
        return valid;
    }
}
