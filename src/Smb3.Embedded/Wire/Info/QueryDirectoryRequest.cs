namespace Smb3.Embedded.Wire.Info;

/// <summary>Flags of QUERY_DIRECTORY (MS-SMB2 2.2.33).</summary>
[Flags]
internal enum QueryDirectoryFlags : byte
{
    None = 0,
    RestartScans = 0x01,
    ReturnSingleEntry = 0x02,
    IndexSpecified = 0x04,
    Reopen = 0x10,
}

/// <summary>
/// QUERY_DIRECTORY request (MS-SMB2 2.2.33), offsets in the body:
/// <code>
///  0 StructureSize 33   2 FileInformationClass   3 Flags   4 FileIndex   8 FileId (16)
/// 24 FileNameOffset, FileNameLength (26)        28 OutputBufferLength   32 Buffer
/// </code>
/// </summary>
internal readonly ref struct QueryDirectoryRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 33;

    private readonly ReadOnlySpan<byte> _message;

    private QueryDirectoryRequest(ReadOnlySpan<byte> message) => _message = message;

    public FileInformationClass InformationClass => (FileInformationClass)_message[Body + 2];

    public QueryDirectoryFlags Flags => (QueryDirectoryFlags)_message[Body + 3];

    public uint FileIndex => _message.UInt32(Body + 4);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 8);

    /// <summary>The search pattern in UTF-16LE; when empty, the previous one goes on, or every file matches.</summary>
    public ReadOnlySpan<byte> Pattern => MessageBuffer.Slice(_message, _message.UInt16(Body + 24), _message.UInt16(Body + 26));

    public uint OutputBufferLength => _message.UInt32(Body + 28);

    public string GetPattern() => Pattern.Utf16();

    public static bool TryParse(ReadOnlySpan<byte> message, out QueryDirectoryRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 24), message.UInt16(Body + 26), Body + 32))
        {
            return false;
        }

        request = new QueryDirectoryRequest(message);
        return true;
    }
}
