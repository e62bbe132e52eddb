namespace Smb3.Embedded.Wire.Oplock;

/// <summary>
/// Lease break notification (MS-SMB2 2.2.23.2): StructureSize 44, NewEpoch (2), Flags (4), LeaseKey (16),
/// CurrentLeaseState (4), NewLeaseState (4), BreakReason (4), AccessMaskHint (4), ShareMaskHint (4).
/// </summary>
internal static class LeaseBreakNotification
{
    public const int FixedSize = 44;

    private const uint AcknowledgmentRequired = 0x01;

    /// <summary><paramref name="newEpoch"/> is 0 for a lease of version 1.</summary>
    public static void Write(
        Span<byte> body,
        Guid leaseKey,
        Smb2LeaseState current,
        Smb2LeaseState next,
        ushort newEpoch,
        bool acknowledgmentRequired)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)FixedSize);
        body.Put(2, newEpoch);
        body.Put(4, acknowledgmentRequired ? AcknowledgmentRequired : 0);
        body.Put(8, leaseKey);
        body.Put(24, (uint)current);
        body.Put(28, (uint)next);
    }
}
