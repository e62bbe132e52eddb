using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Info;

/// <summary>
/// SET_INFO request (MS-SMB2 2.2.39), offsets in the body:
/// <code>
///  0 StructureSize 33   2 InfoType   3 FileInfoClass   4 BufferLength   8 BufferOffset   10 Reserved
/// 12 AdditionalInformation          16 FileId (16)    32 Buffer
/// </code>
/// </summary>
internal readonly ref struct SetInfoRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 33;

    private readonly ReadOnlySpan<byte> _message;

    private SetInfoRequest(ReadOnlySpan<byte> message) => _message = message;

    public Smb2InfoType InfoType => (Smb2InfoType)_message[Body + 2];

    /// <summary>The class, for <see cref="Smb2InfoType.File"/>.</summary>
    public FileInformationClass FileInformationClass => (FileInformationClass)_message[Body + 3];

    /// <summary>The class, for <see cref="Smb2InfoType.FileSystem"/>.</summary>
    public FsInformationClass FsInformationClass => (FsInformationClass)_message[Body + 3];

    /// <summary>For <see cref="Smb2InfoType.Security"/>: the parts that are set.</summary>
    public SecurityInformation SecurityInformation => (SecurityInformation)_message.UInt32(Body + 12);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 16);

    public ReadOnlySpan<byte> Buffer => MessageBuffer.Slice(_message, _message.UInt16(Body + 8), _message.UInt32(Body + 4));

    public static bool TryParse(ReadOnlySpan<byte> message, out SetInfoRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 8), message.UInt32(Body + 4), Body + 32))
        {
            return false;
        }

        request = new SetInfoRequest(message);
        return true;
    }
}
