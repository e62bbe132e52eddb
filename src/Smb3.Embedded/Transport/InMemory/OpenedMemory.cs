using System.Collections.Concurrent;

namespace Smb3.Embedded.Transport.InMemory;

/// <summary>Memory that a client of the same process opens to the server, piece by piece.</summary>
internal sealed class OpenedMemory : IRemoteMemory
{
    private readonly ConcurrentDictionary<uint, Memory<byte>> _pieces = new();
    private uint _lastToken;

    /// <summary>Opens a piece; the token names it until <see cref="Close"/>.</summary>
    public uint Open(Memory<byte> piece)
    {
        var token = Interlocked.Increment(ref _lastToken);
        _pieces[token] = piece;
        return token;
    }

    public void Close(uint token) => _pieces.TryRemove(token, out _);

    public ValueTask<bool> PlaceAsync(ReadOnlyMemory<byte> data, IReadOnlyList<RemoteBuffer> buffers, CancellationToken cancellationToken)
    {
        for (var i = 0; i < buffers.Count && data.Length > 0; i++)
        {
            if (!TryFind(buffers[i], out var piece))
            {
                return new(false);
            }

            var count = Math.Min(piece.Length, data.Length);
            data[..count].CopyTo(piece);
            data = data[count..];
        }

        return new(data.IsEmpty);
    }

    public ValueTask<bool> FetchAsync(Memory<byte> destination, IReadOnlyList<RemoteBuffer> buffers, CancellationToken cancellationToken)
    {
        for (var i = 0; i < buffers.Count && destination.Length > 0; i++)
        {
            if (!TryFind(buffers[i], out var piece))
            {
                return new(false);
            }

            var count = Math.Min(piece.Length, destination.Length);
            piece[..count].CopyTo(destination);
            destination = destination[count..];
        }

        return new(destination.IsEmpty);
    }

    private bool TryFind(RemoteBuffer buffer, out Memory<byte> piece)
    {
        var found = _pieces.TryGetValue(buffer.Token, out piece)
            && buffer.Offset <= (ulong)piece.Length
            && buffer.Length <= (ulong)piece.Length - buffer.Offset;
        if (found)
        {
            piece = piece.Slice((int)buffer.Offset, (int)buffer.Length);
        }

        return found;
    }
}
