using Smb3.Embedded.Storage.Objects.Spooling;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>
/// A part of one version of an object that is read before it is asked for. Its memory is lent: a file that is read from front to back takes a window
/// each moment, and the collector would let many lie about before it takes them away.
/// </summary>
/// <param name="version">The version of the object.</param>
/// <param name="offset">Where in it the part begins.</param>
/// <param name="length">Its length.</param>
/// <param name="room">What it counts in <paramref name="memory"/>, where it has been taken.</param>
/// <param name="memory">What all parts of all files have.</param>
/// <param name="buffers">Where its own comes from.</param>
internal sealed class ReadAhead(string? version, long offset, int length, int room, SpoolSpace memory, LentBuffers buffers) : IDisposable
{
    private readonly byte[] _data = buffers.Rent(length);
    private int _isOver;

    /// <summary>What is to be filled before anything is read from it.</summary>
    public Memory<byte> Data => _data.AsMemory(0, length);

    /// <summary>Copies what is asked for, if all of it is here.</summary>
    public bool TryRead(string? of, long from, Memory<byte> buffer)
    {
        if (of != version || from < offset || from + buffer.Length > offset + length)
        {
            return false;
        }

        _data.AsSpan((int)(from - offset), buffer.Length).CopyTo(buffer.Span);
        return true;
    }

    /// <summary>Nobody may read or fill it any more.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            buffers.Return(_data);
            memory.Return(room);
        }
    }
}
