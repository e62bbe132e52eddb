using Smb3.Embedded.Compression;
using Smb3.Embedded.Threading;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// One outgoing frame in a pooled buffer. Room for what the transport writes and for the transform header is kept in front of the messages,
/// so that the frame is signed, sealed and sent where it was written.
/// </summary>
internal sealed class ResponseBuffer
{
    private const int SmallSize = 1024;

    /// <summary>The length up to which a buffer grows in advance, without being asked to.</summary>
    private const int MostAhead = 1 << 20;

    private const int OwnSize = 64;

    private readonly BufferPool _pool;
    private readonly int _headroom;
    private readonly int _prefix;
    private byte[] _buffer = [];
    private int _end;
    private int _start;
    private int _sent;
    private bool _sealed;

    /// <param name="pool">Where the bytes come from.</param>
    /// <param name="headroom">Bytes in front of the frame that the transport needs for itself.</param>
    public ResponseBuffer(BufferPool pool, int headroom)
    {
        _pool = pool;
        _headroom = headroom;
        _prefix = headroom + Smb2TransformHeader.Size;
        _end = _prefix;
    }

    /// <summary>Bytes of messages written so far.</summary>
    public int Length => _end - _prefix;

    /// <summary>Bytes of memory that it occupies, including the object itself and its place in a queue.</summary>
    public int Held => _buffer.Length + OwnSize;

    /// <summary>
    /// What the messages tell belongs to another node once this is up, and they are not sent any more; <see langword="null"/>: nothing.
    /// </summary>
    public IGuard? Guard { get; set; }

    /// <summary>The token of the client's memory that its transport closes when the frame arrives; <see langword="null"/>: none.</summary>
    public uint? Invalidates { get; set; }

    /// <summary>Whether no message has been written.</summary>
    public bool IsEmpty => _end == _prefix;

    /// <summary>The bytes between two places, counted over all messages.</summary>
    public Span<byte> Between(int start, int end) => _buffer.AsSpan(_prefix + start, end - start);

    /// <summary>Room for the transform header, and the messages behind it.</summary>
    public Span<byte> TransformAndMessages =>
        _buffer.AsSpan(_prefix + _start - Smb2TransformHeader.Size, Length - _start + Smb2TransformHeader.Size);

    /// <summary>What the transport sends, its headroom in front, after <see cref="Finish"/>.</summary>
    public Memory<byte> Frame => _buffer.AsMemory(_sent, _end - _sent);

    /// <summary>Appends <paramref name="size"/> bytes, which are not cleared.</summary>
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
    public Span<byte> From(int start) => _buffer.AsSpan(_prefix + start, Length - start);

    /// <summary>Drops everything after <paramref name="length"/>.</summary>
    public void Truncate(int length) => _end = _prefix + length;

    /// <summary>Everything before <paramref name="start"/> has left in another frame; its place now serves as the room in front.</summary>
    public void StartAt(int start) => _start = start;

    /// <summary>The messages that are still to be sent.</summary>
    public ReadOnlySpan<byte> Messages => From(_start);

    /// <summary>Appends zeros up to the next multiple of eight.</summary>
    public void PadTo8()
    {
        var padding = -Length & 7;
        if (padding > 0)
        {
            Append(padding).Span.Clear();
        }
    }

    /// <summary>Puts the compressed form of the messages in their place, if it is shorter (MS-SMB2 3.1.4.4).</summary>
    /// <param name="plan">How.</param>
    /// <param name="codecs">Where the memory to work in comes from.</param>
    /// <returns>False: it is not shorter, and they stay as they are.</returns>
    public bool TryCompress(in CompressionPlan plan, CodecPool codecs)
    {
        var messages = _buffer.AsMemory(_prefix + _start, Length - _start);
        var other = _pool.Rent(_prefix + plan.Room);
        var written = MessageCompressor.TryCompress(plan, codecs, messages, other.AsMemory(_prefix, plan.Room));
        if (written == 0)
        {
            _pool.Return(other);
            return false;
        }

        _pool.Return(_buffer);
        _buffer = other;
        _start = 0;
        _end = _prefix + written;
        return true;
    }

    public void MarkSealed() => _sealed = true;

    /// <summary>Nothing more will be written: the frame goes as it is.</summary>
    public void Finish() => _sent = _prefix + _start - _headroom - (_sealed ? Smb2TransformHeader.Size : 0);

    public void Reset()
    {
        if (_buffer.Length > 0)
        {
            _pool.Return(_buffer);
            _buffer = [];
        }

        _end = _prefix;
        _start = 0;
        _sent = 0;
        _sealed = false;
        Guard = null;
        Invalidates = null;
    }

    private void Grow(int size)
    {
        var larger = _pool.Rent(Math.Max(_end + size, _buffer.Length == 0 ? SmallSize : (int)Math.Min(_buffer.Length * 2L, MostAhead)));
        if (_buffer.Length > 0)
        {
            _buffer.AsSpan(0, _end).CopyTo(larger);
            _pool.Return(_buffer);
        }

        _buffer = larger;
    }
}
