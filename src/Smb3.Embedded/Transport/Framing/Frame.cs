using System.Buffers;

namespace Smb3.Embedded.Transport.Framing;

/// <summary>One received frame in a pooled buffer; whoever holds it returns it once.</summary>
internal sealed class Frame(FrameReader reader) : IDisposable
{
    private byte[]? _buffer;

    /// <summary>Bytes of the frame, without the four bytes of the Direct TCP header.</summary>
    public int Length { get; private set; }

    public Memory<byte> Memory => _buffer.AsMemory(0, Length);

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            reader.Return(this);
        }
    }

    /// <summary>Gives the frame a buffer; it must have none.</summary>
    internal void Fill(int length)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(length);
        Length = length;
    }
}
