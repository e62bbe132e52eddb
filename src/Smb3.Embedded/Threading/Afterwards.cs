namespace Smb3.Embedded.Threading;

/// <summary>
/// Work that nobody waits for, and that is left until the answers of one message are on their way: the breaks of directory leases, above all.
/// Whoever owns it runs it then, or when the answers never leave.
/// </summary>
internal sealed class Afterwards
{
    private readonly Lock _sync = new();
    private readonly List<Action> _work = [];
    private volatile bool _any;

    /// <summary>Whether there may be any.</summary>
    public bool Any => _any;

    /// <summary>Leaves work for later. It must neither block nor throw, and may find that it has been done.</summary>
    public void Add(Action work)
    {
        lock (_sync)
        {
            _work.Add(work);
            _any = true;
        }
    }

    /// <summary>Does what was left so far, in its order.</summary>
    public void Run()
    {
        if (!_any)
        {
            return;
        }

        Action[] work;
        lock (_sync)
        {
            work = [.. _work];
            _work.Clear();
            _any = false;
        }

        foreach (var one in work)
        {
            one();
        }
    }
}
