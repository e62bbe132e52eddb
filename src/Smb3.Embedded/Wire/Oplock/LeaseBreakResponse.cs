namespace Smb3.Embedded.Wire.Oplock;

/// <summary>
/// Lease break response (MS-SMB2 2.2.25.2): StructureSize 36, Reserved (2), Flags (4), LeaseKey (16), LeaseState (4),
/// LeaseDuration (8).
/// </summary>
internal static class LeaseBreakResponse
{
    public const int FixedSize = 36;

    public static void Write(Span<byte> body, Guid leaseKey, Smb2LeaseState state)
    {
        body[..FixedSize].Clear();
        body.Put(0, (ushort)FixedSize);
        body.Put(8, leaseKey);
        body.Put(24, (uint)state);
    }
}
