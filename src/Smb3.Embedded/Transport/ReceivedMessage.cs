namespace Smb3.Embedded.Transport;

/// <summary>One received message in a buffer of its transport; its holder gives it back once.</summary>
internal abstract class ReceivedMessage : IDisposable
{
    /// <summary>Bytes of the message, without anything that the transport adds.</summary>
    public abstract int Length { get; }

    /// <summary>The message; it may be changed in place.</summary>
    public abstract Memory<byte> Memory { get; }

    public abstract void Dispose();
}
