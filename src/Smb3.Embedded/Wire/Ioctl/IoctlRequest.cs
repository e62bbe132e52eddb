namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>
/// IOCTL request (MS-SMB2 2.2.31), offsets in the body:
/// <code>
///  0 StructureSize 57   2 Reserved        4 CtlCode   8 FileId (16)   24 InputOffset, InputCount (28)   32 MaxInputResponse
/// 36 OutputOffset, OutputCount (40)      44 MaxOutputResponse         48 Flags   52 Reserved2           56 Buffer
/// </code>
/// </summary>
internal readonly ref struct IoctlRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 57;
    private const uint FsctlFlag = 0x00000001;

    private readonly ReadOnlySpan<byte> _message;

    private IoctlRequest(ReadOnlySpan<byte> message) => _message = message;

    public FsControlCode ControlCode => (FsControlCode)_message.UInt32(Body + 4);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 8);

    public ReadOnlySpan<byte> Input => MessageBuffer.Slice(_message, _message.UInt32(Body + 24), _message.UInt32(Body + 28));

    /// <summary>Where the input begins in the message; a place inside the message even when there is none.</summary>
    public int InputOffset => InputLength == 0 ? Body + 56 : (int)_message.UInt32(Body + 24);

    public int InputLength => (int)_message.UInt32(Body + 28);

    public uint MaxInputResponse => _message.UInt32(Body + 32);

    /// <summary>What the client has in its output buffer; nearly always empty.</summary>
    public ReadOnlySpan<byte> Output => MessageBuffer.Slice(_message, _message.UInt32(Body + 36), _message.UInt32(Body + 40));

    public uint MaxOutputResponse => _message.UInt32(Body + 44);

    /// <summary>An FSCTL; anything else is answered with STATUS_NOT_SUPPORTED (MS-SMB2 3.3.5.15).</summary>
    public bool IsFsctl => _message.UInt32(Body + 48) == FsctlFlag;

    public static bool TryParse(ReadOnlySpan<byte> message, out IoctlRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt32(Body + 24), message.UInt32(Body + 28), Body + 56)
            || !MessageBuffer.Fits(message, message.UInt32(Body + 36), message.UInt32(Body + 40), Body + 56))
        {
            return false;
        }

        request = new IoctlRequest(message);
        return true;
    }
}
