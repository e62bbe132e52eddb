namespace Smb3.Embedded.Wire.Io;

/// <summary>
/// SMB_DIRECT_BUFFER_DESCRIPTOR_V1 (MS-SMBD 2.2.3.1): Offset (8), Token (4), Length (4). READ and WRITE carry an array of them where their
/// data goes through a channel.
/// </summary>
internal readonly record struct RdmaBufferDescriptor(ulong Offset, uint Token, uint Length)
{
    public const int Size = 16;

    /// <summary>
    /// Adds up the descriptors of <paramref name="channelInfo"/>; false when there are none, or not a whole number of them.
    /// </summary>
    /// <param name="channelInfo">What the request carries.</param>
    /// <param name="total">Bytes of all of them together.</param>
    public static bool TryCount(ReadOnlySpan<byte> channelInfo, out ulong total)
    {
        total = 0;
        if (channelInfo.IsEmpty || channelInfo.Length % Size != 0)
        {
            return false;
        }

        for (var at = 0; at < channelInfo.Length; at += Size)
        {
            total += Read(channelInfo[at..]).Length;
        }

        return true;
    }

    public static RdmaBufferDescriptor Read(ReadOnlySpan<byte> source) => new(source.UInt64(0), source.UInt32(8), source.UInt32(12));

    public void Write(Span<byte> destination)
    {
        destination.Put(0, Offset);
        destination.Put(8, Token);
        destination.Put(12, Length);
    }
}
