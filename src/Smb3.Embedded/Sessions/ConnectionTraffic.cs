namespace Smb3.Embedded.Sessions;

/// <summary>What has gone over a connection: each direction has one writer, so counting needs no lock.</summary>
internal sealed class ConnectionTraffic(TimeProvider time)
{
    private long _received;
    private long _sent;
    private long _compressed;
    private long _saved;
    private long _frames;
    private long _lastReceived = time.GetTimestamp();

    /// <summary>Bytes of all frames received.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Bytes of all frames sent.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Frames received: requests, or chains of them.</summary>
    public long Frames => Volatile.Read(ref _frames);

    /// <summary>Bytes of the messages of both directions that went compressed, counted as they are without it.</summary>
    public long Compressed => Volatile.Read(ref _compressed);

    /// <summary>Bytes by which messages of both directions were shorter because they were compressed.</summary>
    public long Saved => Volatile.Read(ref _saved);

    /// <summary>When the last frame came, as a timestamp of the server's clock.</summary>
    public long LastReceived => Volatile.Read(ref _lastReceived);

    /// <summary>The time since the last frame came.</summary>
    public TimeSpan Silence => time.GetElapsedTime(LastReceived);

    public void CountReceived(int bytes)
    {
        Volatile.Write(ref _lastReceived, time.GetTimestamp());
        Volatile.Write(ref _received, _received + bytes);
        Volatile.Write(ref _frames, _frames + 1);
    }

    /// <summary>Counts a message that went compressed; those of both directions, and of several chains, do so beside each other.</summary>
    /// <param name="bytes">Its bytes without compression.</param>
    /// <param name="saved">How many of them were saved.</param>
    public void CountCompressed(int bytes, int saved)
    {
        Interlocked.Add(ref _compressed, bytes);
        Interlocked.Add(ref _saved, saved);
    }

    public void CountSent(int bytes) => Volatile.Write(ref _sent, _sent + bytes);
}
