using System.Buffers;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>Memory that a provider has registered, so that its device may read and write it; disposing it gives it back, once.</summary>
internal abstract class RegisteredBuffer : IMemoryOwner<byte>
{
    public abstract Memory<byte> Memory { get; }

    public abstract void Dispose();
}
