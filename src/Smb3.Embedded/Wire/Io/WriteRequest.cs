namespace Smb3.Embedded.Wire.Io;

/// <summary>
/// WRITE request (MS-SMB2 2.2.21), offsets in the body:
/// <code>
///  0 StructureSize 49   2 DataOffset   4 Length   8 Offset   16 FileId (16)   32 Channel   36 RemainingBytes
/// 40 WriteChannelInfoOffset, WriteChannelInfoLength (42)    44 Flags         48 Buffer
/// </code>
/// </summary>
internal readonly ref struct WriteRequest
{
    private const int Body = Smb2Header.Size;
    private const int Fixed = 48;
    private const ushort StructureSize = 49;

    private readonly ReadOnlySpan<byte> _message;

    private WriteRequest(ReadOnlySpan<byte> message) => _message = message;

    /// <summary>Where the data begins in the message; a place inside the message even when there is no data.</summary>
    public int DataOffset => DataLength == 0 ? Body + Fixed : SentDataOffset;

    public int DataLength => (int)_message.UInt32(Body + 4);

    /// <summary>DataOffset as it was sent: MS-SMB2 3.3.5.13 refuses more than 0x100.</summary>
    public ushort SentDataOffset => _message.UInt16(Body + 2);

    public ulong Offset => _message.UInt64(Body + 8);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 16);

    /// <summary>Reserved, and therefore ignored, before SMB 3.0.</summary>
    public Smb2Channel Channel => (Smb2Channel)_message.UInt32(Body + 32);

    /// <summary>With a channel: how much is to be fetched through it.</summary>
    public uint RemainingBytes => _message.UInt32(Body + 36);

    public WriteFlags Flags => (WriteFlags)_message.UInt32(Body + 44);

    public static bool TryParse(ReadOnlySpan<byte> message, out WriteRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 2), message.UInt32(Body + 4), Body + Fixed))
        {
            return false;
        }

        request = new WriteRequest(message);
        return true;
    }

    /// <summary>The RDMA descriptors; see <see cref="ReadRequest.TryGetChannelInfo"/>.</summary>
    public bool TryGetChannelInfo(out ReadOnlySpan<byte> channelInfo)
    {
        var offset = _message.UInt16(Body + 40);
        var length = _message.UInt16(Body + 42);
        var valid = MessageBuffer.Fits(_message, offset, length, Body + Fixed);
        channelInfo = valid ? MessageBuffer.Slice(_message, offset, length) : default;
        return valid;
    }
}
