namespace Smb3.Embedded.Discovery.Mdns;

/// <summary>Slows a responder down whose every name others claim to have: RFC 6762 8.1.</summary>
internal sealed class ConflictPace
{
    private const int Many = 15;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Peace = TimeSpan.FromMinutes(1);

    private readonly Queue<TimeSpan> _conflicts = new();
    private TimeSpan _last;
    private bool _isSlow;

    /// <summary>Notes a conflict.</summary>
    /// <returns>How long to wait before the next attempt.</returns>
    public TimeSpan Note(TimeSpan now)
    {
        _conflicts.Enqueue(now);
        if (_conflicts.Count > Many)
        {
            _conflicts.Dequeue();
        }

        // Once slow it stays so, until nobody has claimed anything for a while.
        var isMany = _conflicts.Count == Many && now - _conflicts.Peek() < Window;
        _isSlow = isMany || (_isSlow && now - _last < Peace);
        _last = now;
        return _isSlow ? Pause : TimeSpan.Zero;
    }
}
