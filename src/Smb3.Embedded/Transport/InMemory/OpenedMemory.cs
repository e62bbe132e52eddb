using System.Buffers;
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

    public IMemoryOwner<byte> Rent(int length) => MemoryPool<byte>.Shared.Rent(length);

    public ValueTask<bool> PlaceAsync(IMemoryOwner<byte> data, int count, IReadOnlyList<RemoteBuffer> buffers)
    {
        var rest = data.Memory[..count];
        for (var i = 0; i < buffers.Count && rest.Length > 0; i++)
        {
            if (!TryFind(buffers[i], out var piece))
            {
                return new(false);
            }

            var moved = Math.Min(piece.Length, rest.Length);
            rest[..moved].CopyTo(piece);
            rest = rest[moved..];
        }

        return new(rest.IsEmpty);
    }

    public ValueTask<bool> FetchAsync(IMemoryOwner<byte> destination, int count, IReadOnlyList<RemoteBuffer> buffers)
    {
        var rest = destination.Memory[..count];
        for (var i = 0; i < buffers.Count && rest.Length > 0; i++)
        {
            if (!TryFind(buffers[i], out var piece))
            {
                return new(false);
            }

            var moved = Math.Min(piece.Length, rest.Length);
            piece[..moved].CopyTo(rest);
            rest = rest[moved..];
        }

        return new(rest.IsEmpty);
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
