namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>
/// VALIDATE_NEGOTIATE_INFO request (MS-SMB2 2.2.31.4): Capabilities (4), Guid (16), SecurityMode (2), DialectCount (2),
/// Dialects. The response (MS-SMB2 2.2.32.6) has the dialect in place of the list.
/// </summary>
internal readonly ref struct ValidateNegotiateInfo
{
    public const int ResponseSize = 24;

    private const int FixedSize = 24;

    private readonly ReadOnlySpan<byte> _input;

    private ValidateNegotiateInfo(ReadOnlySpan<byte> input) => _input = input;

    public Smb2Capabilities Capabilities => (Smb2Capabilities)_input.UInt32(0);

    public Guid ClientGuid => _input.Guid(4);

    public Smb2SecurityMode SecurityMode => (Smb2SecurityMode)_input.UInt16(20);

    public int DialectCount => _input.UInt16(22);

    public Smb2Dialect Dialect(int index) => (Smb2Dialect)_input.UInt16(FixedSize + (index * sizeof(ushort)));

    public static bool TryParse(ReadOnlySpan<byte> input, out ValidateNegotiateInfo info)
    {
        var valid = input.Length >= FixedSize && FixedSize + (input.UInt16(22) * sizeof(ushort)) <= input.Length;
        info = valid ? new ValidateNegotiateInfo(input) : default;
        return valid;
    }

    public static void WriteResponse(
        Span<byte> output,
        Smb2Capabilities capabilities,
        Guid serverGuid,
        Smb2SecurityMode securityMode,
        Smb2Dialect dialect)
    {
        output.Put(0, (uint)capabilities);
        output.Put(4, serverGuid);
        output.Put(20, (ushort)securityMode);
        output.Put(22, (ushort)dialect);
    }
}
