using System.Buffers;

namespace Smb3.Embedded.Transport.Framing;

/// <summary>One received frame in a pooled buffer; whoever holds it returns it once.</summary>
internal sealed class Frame : IDisposable
{
    private byte[]? _buffer;

    public Frame(int length)
    {
        _buffer = ArrayPool<byte>.Shared.Rent(length);
        Length = length;
    }

    /// <summary>Bytes of the frame, without the four bytes of the Direct TCP header.</summary>
    public int Length { get; }

    public Memory<byte> Memory => _buffer.AsMemory(0, Length);

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, null);
        if (buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
