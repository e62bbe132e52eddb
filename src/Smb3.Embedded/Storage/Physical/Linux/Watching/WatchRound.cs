namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>The events between two moments at which the queue was found empty.</summary>
internal sealed class WatchRound
{
    private HashSet<IRoundListener> _listeners = [];
    private HashSet<IRoundListener> _spare = [];

    /// <summary>Whether no listener wants to be told of its end.</summary>
    public bool IsEmpty => _listeners.Count == 0;

    /// <summary>Has <paramref name="listener"/> told when the round ends.</summary>
    /// <returns>False when it is going to be told already.</returns>
    public bool Add(IRoundListener listener) => _listeners.Add(listener);

    /// <summary>Ends the round: the queue is empty.</summary>
    public void End()
    {
        var ending = _listeners;
        _listeners = _spare;
        foreach (var listener in ending)
        {
            if (listener.EndRound())
            {
                _listeners.Add(listener);
            }
        }

        ending.Clear();
        _spare = ending;
    }
}
