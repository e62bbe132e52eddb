namespace Smb3.Embedded.Wire;

/// <summary>SMB_DIRECT_BUFFER_DESCRIPTOR_V1 (MS-SMBD 2.2.3.1): Offset (8), Token (4), Length (4).</summary>
internal readonly record struct RdmaBufferDescriptor(ulong Offset, uint Token, uint Length)
{
    public const int Size = 16;

    /// <summary>The descriptor at a place of a channel-info blob, which holds <c>blob.Length / Size</c> of them.</summary>
    public static RdmaBufferDescriptor Read(ReadOnlySpan<byte> channelInfo, int index) =>
        new(channelInfo.UInt64(index * Size), channelInfo.UInt32((index * Size) + 8), channelInfo.UInt32((index * Size) + 12));

    public void Write(Span<byte> target)
    {
        target.Put(0, Offset);
        target.Put(8, Token);
        target.Put(12, Length);
    }
}
