using System.Buffers.Binary;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Framing;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// One outgoing frame in a pooled buffer. Room for the Direct TCP header and the transform header lies in front of the messages, so
/// that the frame is signed, sealed and sent where it was written.
/// </summary>
internal sealed class ResponseBuffer(BufferPool pool)
{
    private const int Prefix = FrameReader.HeaderSize + Smb2TransformHeader.Size;
    private const int SmallSize = 1024;

    /// <summary>The longest that a buffer becomes without being asked to.</summary>
    private const int MostAhead = 1 << 20;

    private const int OwnSize = 64;

    private byte[] _buffer = [];
    private int _end = Prefix;
    private int _sent;
    private bool _sealed;

    /// <summary>Bytes of messages written so far.</summary>
    public int Length => _end - Prefix;

    /// <summary>Bytes of memory that it takes, the object itself and its place in a queue included.</summary>
    public int Held => _buffer.Length + OwnSize;

    /// <summary>Whether no message has been written.</summary>
    public bool IsEmpty => _end == Prefix;

    /// <summary>The messages.</summary>
    public Span<byte> Messages => _buffer.AsSpan(Prefix, Length);

    /// <summary>Room for the transform header, and the messages behind it.</summary>
    public Span<byte> TransformAndMessages => _buffer.AsSpan(FrameReader.HeaderSize, _end - FrameReader.HeaderSize);

    /// <summary>What goes over the wire, after <see cref="Finish"/>.</summary>
    public ReadOnlyMemory<byte> Frame => _buffer.AsMemory(_sent, _end - _sent);

    /// <summary>Appends <paramref name="size"/> bytes, which hold nothing in particular.</summary>
    public Memory<byte> Append(int size)
    {
        if (_buffer.Length - _end < size)
        {
            Grow(size);
        }

        var memory = _buffer.AsMemory(_end, size);
        _end += size;
        return memory;
    }

    /// <summary>The bytes from <paramref name="start"/> (counted over all messages) to the end.</summary>
    public Span<byte> From(int start) => _buffer.AsSpan(Prefix + start, Length - start);

    /// <summary>Drops everything behind <paramref name="length"/>.</summary>
    public void Truncate(int length) => _end = Prefix + length;

    /// <summary>Appends zeros up to the next multiple of eight.</summary>
    public void PadTo8()
    {
        var padding = -Length & 7;
        if (padding > 0)
        {
            Append(padding).Span.Clear();
        }
    }

    public void MarkSealed() => _sealed = true;

    /// <summary>Writes the Direct TCP header in front of what is to be sent.</summary>
    public void Finish()
    {
        _sent = _sealed ? 0 : Prefix - FrameReader.HeaderSize;
        System.Diagnostics.Debug.Assert(_end - _sent - FrameReader.HeaderSize <= FrameReader.LargestFrame, "A length has 24 bits.");
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(_sent), (uint)(_end - _sent - FrameReader.HeaderSize));
    }

    public void Reset()
    {
        if (_buffer.Length > 0)
        {
            pool.Return(_buffer);
            _buffer = [];
        }

        _end = Prefix;
        _sent = 0;
        _sealed = false;
    }

    private void Grow(int size)
    {
        var larger = pool.Rent(Math.Max(_end + size, _buffer.Length == 0 ? SmallSize : (int)Math.Min(_buffer.Length * 2L, MostAhead)));
        if (_buffer.Length > 0)
        {
            _buffer.AsSpan(0, _end).CopyTo(larger);
            pool.Return(_buffer);
        }

        _buffer = larger;
    }
}
