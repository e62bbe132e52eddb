namespace Smb3.Embedded.Wire.Info;

/// <summary>
/// SMB2_QUERY_QUOTA_INFO (MS-SMB2 2.2.37.1): ReturnSingle (1), RestartScan (1), Reserved (2), SidListLength (4),
/// StartSidLength (4), StartSidOffset (4), SidBuffer.
/// </summary>
internal readonly ref struct QueryQuotaInfo
{
    private const int FixedSize = 16;

    private readonly ReadOnlySpan<byte> _input;

    private QueryQuotaInfo(ReadOnlySpan<byte> input) => _input = input;

    public bool ReturnSingle => _input[0] != 0;

    public bool RestartScan => _input[1] != 0;

    /// <summary>FILE_GET_QUOTA_INFORMATION elements, not yet checked; empty unless the client asks for certain users.</summary>
    public ReadOnlySpan<byte> SidList => _input.Slice(FixedSize, (int)_input.UInt32(4));

    /// <summary>The SID to begin at; empty for the first.</summary>
    public ReadOnlySpan<byte> StartSid =>
        _input.UInt32(8) == 0 ? default : _input.Slice(FixedSize + (int)_input.UInt32(12), (int)_input.UInt32(8));

    public static bool TryParse(ReadOnlySpan<byte> input, out QueryQuotaInfo info)
    {
        info = default;
        if (input.Length < FixedSize
            || (long)input.UInt32(4) > input.Length - FixedSize
            || (input.UInt32(8) != 0 && (long)input.UInt32(12) + input.UInt32(8) > input.Length - FixedSize))
        {
            return false;
        }

        info = new QueryQuotaInfo(input);
        return true;
    }
}
