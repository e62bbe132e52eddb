namespace Smb3.Embedded.Wire.Io;

/// <summary>CLOSE request (MS-SMB2 2.2.15): StructureSize 24, Flags (2), Reserved (4), FileId (16).</summary>
internal readonly ref struct CloseRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 24;

    private readonly ReadOnlySpan<byte> _message;

    private CloseRequest(ReadOnlySpan<byte> message) => _message = message;

    public CloseFlags Flags => (CloseFlags)_message.UInt16(Body + 2);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 8);

    public static bool TryParse(ReadOnlySpan<byte> message, out CloseRequest request)
    {
        var valid = MessageBuffer.HasBody(message, StructureSize);
        request = valid ? new CloseRequest(message) : default;
        return valid;
    }
}
