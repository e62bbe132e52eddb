using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Info;

/// <summary>Flags of QUERY_INFO for FileFullEaInformation (MS-SMB2 2.2.37).</summary>
[Flags]
internal enum QueryInfoFlags : uint
{
    None = 0,
    RestartScan = 0x00000001,
    ReturnSingleEntry = 0x00000002,
    IndexSpecified = 0x00000004,
}

/// <summary>
/// QUERY_INFO request (MS-SMB2 2.2.37), offsets in the body:
/// <code>
///  0 StructureSize 41        2 InfoType   3 FileInfoClass   4 OutputBufferLength   8 InputBufferOffset   10 Reserved
/// 12 InputBufferLength      16 AdditionalInformation       20 Flags               24 FileId (16)        40 Buffer
/// </code>
/// </summary>
internal readonly ref struct QueryInfoRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 41;

    private readonly ReadOnlySpan<byte> _message;

    private QueryInfoRequest(ReadOnlySpan<byte> message) => _message = message;

    public Smb2InfoType InfoType => (Smb2InfoType)_message[Body + 2];

    /// <summary>The class, for <see cref="Smb2InfoType.File"/>.</summary>
    public FileInformationClass FileInformationClass => (FileInformationClass)_message[Body + 3];

    /// <summary>The class, for <see cref="Smb2InfoType.FileSystem"/>.</summary>
    public FsInformationClass FsInformationClass => (FsInformationClass)_message[Body + 3];

    public uint OutputBufferLength => _message.UInt32(Body + 4);

    /// <summary>
    /// For <see cref="Smb2InfoType.Security"/>: the parts that are wanted. Otherwise the index of an EA, if the flag says so.
    /// </summary>
    public uint AdditionalInformation => _message.UInt32(Body + 16);

    public SecurityInformation SecurityInformation => (SecurityInformation)AdditionalInformation;

    public QueryInfoFlags Flags => (QueryInfoFlags)_message.UInt32(Body + 20);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 24);

    /// <summary>A list of EA names, or the quota query; otherwise empty.</summary>
    public ReadOnlySpan<byte> Input => MessageBuffer.Slice(_message, _message.UInt16(Body + 8), _message.UInt32(Body + 12));

    public static bool TryParse(ReadOnlySpan<byte> message, out QueryInfoRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 8), message.UInt32(Body + 12), Body + 40))
        {
            return false;
        }

        request = new QueryInfoRequest(message);
        return true;
    }
}
