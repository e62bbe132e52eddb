namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>
/// Knows the last messages that this responder has sent. They come back to it: from the system, which also lets other programs of this machine
/// have them, and by other interfaces to the same link, where the addresses in them would look like another host's.
/// </summary>
internal sealed class SentMessages
{
    private const int Most = 64;

    private readonly int[] _hashes = new int[Most];
    private readonly int[] _lengths = new int[Most];
    private int _next;

    public void Add(ReadOnlySpan<byte> message)
    {
        (_hashes[_next], _lengths[_next]) = (HashOf(message), message.Length);
        _next = (_next + 1) % Most;
    }

    public bool Contains(ReadOnlySpan<byte> message)
    {
        var hash = HashOf(message);
        for (var i = 0; i < Most; i++)
        {
            if (_hashes[i] == hash && _lengths[i] == message.Length)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Seeded by chance, so that nobody can make a message that is taken for one of these.</summary>
    private static int HashOf(ReadOnlySpan<byte> message)
    {
        var hash = default(HashCode);
        hash.AddBytes(message);
        return hash.ToHashCode();
    }
}
