namespace Smb3.Embedded.Transport.Rdma;

/// <summary>Asks a peer that has been silent for long whether it is there, and gives it up when it does not answer (MS-SMBD 3.1.6.2).</summary>
internal sealed class KeepAlive : IDisposable
{
    private readonly SmbDirectSettings _settings;
    private readonly Func<bool> _ask;
    private readonly Action _giveUp;
    private readonly ITimer _timer;
    private int _heard;
    private bool _asked;

    /// <param name="settings">How long the peer may be silent.</param>
    /// <param name="ask">Asks the peer for an answer; false when there is no credit for it.</param>
    /// <param name="giveUp">Ends the connection.</param>
    public KeepAlive(SmbDirectSettings settings, Func<bool> ask, Action giveUp)
    {
        _settings = settings;
        _ask = ask;
        _giveUp = giveUp;
        _timer = settings.Time.CreateTimer(static self => ((KeepAlive)self!).Check(), this, settings.IdleTimeout, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the peer was heard of since the last look at it.</summary>
    public bool HasHeard => Volatile.Read(ref _heard) != 0;

    /// <summary>Notes a message of the peer. Costs a store: the time is looked at once an interval.</summary>
    public void Heard() => Volatile.Write(ref _heard, 1);

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        if (Interlocked.Exchange(ref _heard, 0) != 0)
        {
            _asked = false;
            _timer.Change(_settings.IdleTimeout, Timeout.InfiniteTimeSpan);
        }
        else if (_asked)
        {
            _giveUp();
        }
        else
        {
            // Without a credit the peer cannot even be asked; what it owes us is then the same, a message.
            _ask();
            _asked = true;
            _timer.Change(_settings.KeepAliveTimeout, Timeout.InfiniteTimeSpan);
        }
    }
}
