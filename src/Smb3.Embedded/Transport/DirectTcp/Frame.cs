namespace Smb3.Embedded.Transport.DirectTcp;

/// <summary>One received frame, without the four bytes of the Direct TCP header.</summary>
internal sealed class Frame(FrameReader reader, BufferPool buffers) : GrowingMessage(buffers)
{
    private protected override void Returned() => reader.Return(this);
}
