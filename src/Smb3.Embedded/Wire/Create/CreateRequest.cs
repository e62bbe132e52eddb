using Smb3.Embedded.Nt;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Wire.Create;

/// <summary>
/// CREATE request (MS-SMB2 2.2.13), offsets in the body:
/// <code>
///  0 StructureSize 57   2 SecurityFlags    3 RequestedOplockLevel   4 ImpersonationLevel   8 SmbCreateFlags   16 Reserved
/// 24 DesiredAccess     28 FileAttributes  32 ShareAccess           36 CreateDisposition   40 CreateOptions
/// 44 NameOffset, NameLength (46)          48 CreateContextsOffset, CreateContextsLength (52)                  56 Buffer
/// </code>
/// Values are as sent: an unknown disposition, option or impersonation level has its own status in MS-SMB2 3.3.5.9.
/// </summary>
internal readonly ref struct CreateRequest
{
    private const int Body = Smb2Header.Size;
    private const ushort StructureSize = 57;

    private readonly ReadOnlySpan<byte> _message;

    private CreateRequest(ReadOnlySpan<byte> message) => _message = message;

    public Smb2OplockLevel RequestedOplockLevel => (Smb2OplockLevel)_message[Body + 3];

    public Smb2ImpersonationLevel ImpersonationLevel => (Smb2ImpersonationLevel)_message.UInt32(Body + 4);

    public FileAccessMask DesiredAccess => (FileAccessMask)_message.UInt32(Body + 24);

    public FileAttributes FileAttributes => (FileAttributes)_message.UInt32(Body + 28);

    public ShareAccess ShareAccess => (ShareAccess)_message.UInt32(Body + 32);

    public CreateDisposition Disposition => (CreateDisposition)_message.UInt32(Body + 36);

    public CreateOptions Options => (CreateOptions)_message.UInt32(Body + 40);

    /// <summary>UTF-16LE, relative to the share; empty for its root. An odd length is possible; refusing it is up to the handler.</summary>
    public ReadOnlySpan<byte> Name => MessageBuffer.Slice(_message, _message.UInt16(Body + 44), _message.UInt16(Body + 46));

    public string GetName() => Name.Utf16();

    public static bool TryParse(ReadOnlySpan<byte> message, out CreateRequest request)
    {
        request = default;
        if (!MessageBuffer.HasBody(message, StructureSize)
            || !MessageBuffer.Fits(message, message.UInt16(Body + 44), message.UInt16(Body + 46), Body + 56)
            || !MessageBuffer.Fits(message, message.UInt32(Body + 48), message.UInt32(Body + 52), Body + 56))
        {
            return false;
        }

        request = new CreateRequest(message);
        return true;
    }

    /// <summary>The create contexts; false when their chain is malformed: STATUS_INVALID_PARAMETER (MS-SMB2 3.3.5.9).</summary>
    public bool TryGetContexts(out CreateContextList contexts) =>
        CreateContextList.TryParse(MessageBuffer.Slice(_message, _message.UInt32(Body + 48), _message.UInt32(Body + 52)), out contexts);
}
