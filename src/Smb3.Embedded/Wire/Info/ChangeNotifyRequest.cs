using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Wire.Info;

/// <summary>
/// CHANGE_NOTIFY request (MS-SMB2 2.2.35): StructureSize 32, Flags (2), OutputBufferLength (4), FileId (16),
/// CompletionFilter (4), Reserved (4).
/// </summary>
internal readonly ref struct ChangeNotifyRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 32;
    private const ushort WatchTreeFlag = 0x0001;

    private readonly ReadOnlySpan<byte> _message;

    private ChangeNotifyRequest(ReadOnlySpan<byte> message) => _message = message;

    public bool WatchTree => (_message.UInt16(Body + 2) & WatchTreeFlag) != 0;

    public uint OutputBufferLength => _message.UInt32(Body + 4);

    public Smb2FileId FileId => Smb2FileId.Read(_message, Body + 8);

    public ChangeFilter Filter => (ChangeFilter)_message.UInt32(Body + 24);

    public static bool TryParse(ReadOnlySpan<byte> message, out ChangeNotifyRequest request)
    {
        var valid = MessageBuffer.HasBody(message, StructureSize);
        request = valid ? new ChangeNotifyRequest(message) : default;
        return valid;
    }
}
