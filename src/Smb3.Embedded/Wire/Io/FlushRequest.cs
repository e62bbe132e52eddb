namespace Smb3.Embedded.Wire.Io;

/// <summary>FLUSH request (MS-SMB2 2.2.17): StructureSize 24, Reserved1 (2), Reserved2 (4), FileId (16).</summary>
internal readonly ref struct FlushRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 24;

    private readonly ReadOnlySpan<byte> _message;

    private FlushRequest(ReadOnlySpan<byte> message) => _message = message;

    /// <summary>macOS asks for a full sync of the device by 0xFFFF here; others leave zero.</summary>
    public ushort Reserved1 => _message.UInt16(Body + 2);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 8);

    public static bool TryParse(ReadOnlySpan<byte> message, out FlushRequest request)
    {
        var valid = MessageBuffer.HasBody(message, StructureSize);
        request = valid ? new FlushRequest(message) : default;
        return valid;
    }
}
