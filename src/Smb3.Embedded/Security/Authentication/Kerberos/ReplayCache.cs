using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Authentication.Kerberos;

/// <summary>
/// The authenticators that were taken, for as long as their times would still do. Only those that a ticket's key has made come in here. When it is
/// full the oldest is forgotten: who sends that one again still has no key to speak with. Safe for concurrent use.
/// </summary>
/// <param name="capacity">How many are remembered.</param>
/// <param name="window">For how long.</param>
/// <param name="time">The clock.</param>
internal sealed class ReplayCache(int capacity, TimeSpan window, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly HashSet<UInt128> _seen = [];
    private readonly Queue<(UInt128 Hash, DateTimeOffset Until)> _order = new();

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _seen.Count;
            }
        }
    }

    /// <summary>Remembers an authenticator as it was sent; false when it was sent before.</summary>
    public bool TryAdd(ReadOnlySpan<byte> authenticator)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(authenticator, digest);
        var hash = BinaryPrimitives.ReadUInt128BigEndian(digest);
        var now = time.GetUtcNow();
        lock (_lock)
        {
            while (_order.TryPeek(out var oldest) && (oldest.Until <= now || _seen.Count >= capacity))
            {
                _order.Dequeue();
                _seen.Remove(oldest.Hash);
            }

            if (!_seen.Add(hash))
            {
                return false;
            }

            _order.Enqueue((hash, now + window));
            return true;
        }
    }
}
