namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>
/// Memory for a connection that has ended because none could be registered: whoever asked goes on until it notices, and nothing of it
/// reaches the device.
/// </summary>
internal sealed class UnregisteredBuffer(int size) : RegisteredBuffer
{
    public override Memory<byte> Memory { get; } = new byte[size];

    public override void Dispose()
    {
    }
}
