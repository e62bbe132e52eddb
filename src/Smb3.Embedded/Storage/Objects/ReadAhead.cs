using Smb3.Embedded.Storage.Objects.Spooling;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>A part of one version of an object that was read before it was asked for.</summary>
internal sealed class ReadAhead(string? version, long offset, byte[] data, int length, SpoolSpace memory) : IDisposable
{
    private int _isOver;

    /// <summary>Copies what is asked for, if all of it is here.</summary>
    public bool TryRead(string? of, long from, Memory<byte> buffer)
    {
        if (of != version || from < offset || from + buffer.Length > offset + length)
        {
            return false;
        }

        data.AsSpan((int)(from - offset), buffer.Length).CopyTo(buffer.Span);
        return true;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 0)
        {
            memory.Return(data.Length);
        }
    }
}
