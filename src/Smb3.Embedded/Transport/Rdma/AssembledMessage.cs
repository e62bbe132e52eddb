namespace Smb3.Embedded.Transport.Rdma;

/// <summary>A message out of fragments.</summary>
internal sealed class AssembledMessage(FragmentAssembler assembler, BufferPool buffers) : GrowingMessage(buffers)
{
    private protected override void Returned() => assembler.Return(this);
}
