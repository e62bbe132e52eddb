namespace Smb3.Embedded.Dispatch;

/// <summary>
/// What handlers want done when their responses leave. An interim response sends the responses before it early: their actions are told
/// apart from those of the response that is still being written.
/// </summary>
internal sealed class SendActions
{
    private readonly List<Action> _placed = [];
    private readonly List<Action> _sent = [];
    private Action? _runPlaced;
    private int _placedBefore;
    private int _sentBefore;

    /// <summary>Runs <paramref name="action"/> when the responses take their place in the outgoing queue, with the queue's lock held.</summary>
    public void WhenPlaced(Action action) => _placed.Add(action);

    /// <summary>Runs <paramref name="action"/> when the responses have been handed over.</summary>
    public void WhenSent(Action action) => _sent.Add(action);

    /// <summary>What comes from here on belongs to the next response.</summary>
    public void BeginResponse() => (_placedBefore, _sentBefore) = (_placed.Count, _sent.Count);

    /// <summary>Takes the actions of the responses before the one being written.</summary>
    public (Action[] Placed, Action[] Sent) TakeEarlier()
    {
        Action[] placed = [.. _placed[.._placedBefore]];
        Action[] sent = [.. _sent[.._sentBefore]];
        _placed.RemoveRange(0, _placedBefore);
        _sent.RemoveRange(0, _sentBefore);
        _placedBefore = 0;
        _sentBefore = 0;
        return (placed, sent);
    }

    /// <summary>What the outgoing queue is to run when it has placed the responses; <see langword="null"/> when there is nothing.</summary>
    public Action? Placing() => _placed.Count == 0 ? null : _runPlaced ??= RunPlaced;

    public void RunPlaced()
    {
        RunAll(_placed);
        _placed.Clear();
    }

    public void RunSent()
    {
        RunAll(_sent);
        _sent.Clear();
    }

    public static void RunAll(IEnumerable<Action> actions)
    {
        foreach (var action in actions)
        {
            action();
        }
    }
}
