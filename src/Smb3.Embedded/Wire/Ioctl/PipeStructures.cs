namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>
/// FSCTL_PIPE_WAIT (MS-FSCC 2.3): Timeout (8), NameLength (4), TimeoutSpecified (1), Padding (1), Name.
/// </summary>
internal readonly ref struct PipeWaitRequest
{
    private const int FixedSize = 14;

    private readonly ReadOnlySpan<byte> _input;

    private PipeWaitRequest(ReadOnlySpan<byte> input) => _input = input;

    /// <summary>In units of 100 nanoseconds; null leaves it to the pipe.</summary>
    public long? Timeout => _input[12] != 0 ? _input.Int64(0) : null;

    public string GetName() => _input.Slice(FixedSize, (int)_input.UInt32(8)).Utf16();

    public static bool TryParse(ReadOnlySpan<byte> input, out PipeWaitRequest request)
    {
        var valid = input.Length >= FixedSize && (long)input.UInt32(8) <= input.Length - FixedSize;
        request = valid ? new PipeWaitRequest(input) : default;
        return valid;
    }
}

/// <summary>
/// FSCTL_PIPE_PEEK reply (MS-FSCC 2.3): NamedPipeState (4), ReadDataAvailable (4), NumberOfMessages (4),
/// MessageLength (4), Data.
/// </summary>
internal static class PipePeekResponse
{
    /// <summary>The data follows.</summary>
    public const int FixedSize = 16;

    public const uint Connected = 0x00000003;

    public static void Write(Span<byte> output, uint state, uint available, uint messages, uint messageLength)
    {
        output.Put(0, state);
        output.Put(4, available);
        output.Put(8, messages);
        output.Put(12, messageLength);
    }
}
