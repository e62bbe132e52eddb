using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Wire.Oplock;

/// <summary>
/// OPLOCK_BREAK from the client: an acknowledgement of an oplock break (MS-SMB2 2.2.24.1: StructureSize 24, OplockLevel (1),
/// Reserved (5), FileId (16)) or of a lease break (MS-SMB2 2.2.24.2: StructureSize 36, Reserved (2), Flags (4), LeaseKey (16),
/// LeaseState (4), LeaseDuration (8)). The structure size tells which.
/// </summary>
internal readonly ref struct OplockBreakAcknowledgment
{
    private const int Body = Smb2Header.Size;
    private const ushort OplockSize = 24;
    private const ushort LeaseSize = 36;

    private readonly ReadOnlySpan<byte> _message;

    private OplockBreakAcknowledgment(ReadOnlySpan<byte> message, bool isLease)
    {
        _message = message;
        IsLease = isLease;
    }

    /// <summary>Which of the two it is; the properties of the other read as nothing.</summary>
    public bool IsLease { get; }

    public Smb2OplockLevel OplockLevel => IsLease ? Smb2OplockLevel.Lease : (Smb2OplockLevel)_message[Body + 2];

    public Smb2FileId FileId => IsLease ? default : Smb2FileId.Read(_message, Body + 8);

    public Guid LeaseKey => IsLease ? _message.Guid(Body + 8) : default;

    public Smb2LeaseState LeaseState => IsLease ? (Smb2LeaseState)_message.UInt32(Body + 24) : Smb2LeaseState.None;

    public static bool TryParse(ReadOnlySpan<byte> message, out OplockBreakAcknowledgment acknowledgment)
    {
        var isLease = MessageBuffer.HasBody(message, LeaseSize);
        var valid = isLease || MessageBuffer.HasBody(message, OplockSize);
        acknowledgment = valid ? new OplockBreakAcknowledgment(message, isLease) : default;
        return valid;
    }
}
