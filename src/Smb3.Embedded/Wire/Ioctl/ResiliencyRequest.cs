namespace Smb3.Embedded.Wire.Ioctl;

/// <summary>NETWORK_RESILIENCY_REQUEST (MS-SMB2 2.2.31.3): Timeout (4), Reserved (4).</summary>
/// <param name="Timeout">Milliseconds; 0 leaves it to the server.</param>
internal readonly record struct ResiliencyRequest(uint Timeout)
{
    private const int Size = 8;

    public static bool TryParse(ReadOnlySpan<byte> input, out ResiliencyRequest request)
    {
        request = input.Length < Size ? default : new ResiliencyRequest(input.UInt32(0));
        return input.Length >= Size;
    }
}
