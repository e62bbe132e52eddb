namespace Smb3.Embedded.Sessions;

/// <summary>What has gone over a connection: each direction has one writer, so counting needs no lock.</summary>
internal sealed class ConnectionTraffic(TimeProvider time)
{
    private long _received;
    private long _sent;
    private long _saved;
    private long _frames;
    private long _lastReceived = time.GetTimestamp();

    /// <summary>Bytes of all frames received.</summary>
    public long Received => Volatile.Read(ref _received);

    /// <summary>Bytes of all frames sent.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Frames received: requests, or chains of them.</summary>
    public long Frames => Volatile.Read(ref _frames);

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

    /// <summary>Counts bytes that compression has saved; messages of both directions, and several chains, do so beside each other.</summary>
    public void CountSaved(int bytes) => Interlocked.Add(ref _saved, bytes);

    public void CountSent(int bytes) => Volatile.Write(ref _sent, _sent + bytes);
}
