namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>The events from one time that the queue was found empty to the next.</summary>
internal sealed class WatchRound
{
    private HashSet<IRoundListener> _listeners = [];
    private HashSet<IRoundListener> _spare = [];

    /// <summary>Whether nobody wants to hear of its end.</summary>
    public bool IsEmpty => _listeners.Count == 0;

    /// <summary>Tells <paramref name="listener"/> of the end.</summary>
    /// <returns>False when it is told already.</returns>
    public bool Add(IRoundListener listener) => _listeners.Add(listener);

    /// <summary>The queue is empty.</summary>
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
