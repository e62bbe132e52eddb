using System.Diagnostics.CodeAnalysis;

namespace Smb3.Embedded.Security.Authentication;

/// <summary>
/// Who has failed how often, and how many of their attempts are in progress. Not safe for concurrent use. Bounded: when it is full, those
/// below the limit are forgotten first, the oldest failure before the others, and those at the limit only when there is nobody else, so
/// that a crowd of newcomers makes nobody forgotten. Attempts in progress are never forgotten.
/// </summary>
internal sealed class FailureTable<TKey>(int capacity, int? limit, TimeSpan window, TimeProvider time)
    where TKey : notnull
{
    private readonly Dictionary<TKey, Tally> _tallies = [];
    private readonly LinkedList<Tally> _below = new(); // the oldest failure first
    private readonly LinkedList<Tally> _over = new();

    public int Count
    {
        get
        {
            ForgetOld();
            return _tallies.Count;
        }
    }

    private int Limit => limit ?? int.MaxValue;

    public int FailuresOf(TKey key) => TryFind(key, out var tally) ? tally.Failures : 0;

    public bool IsOver(TKey key) => FailuresOf(key) >= Limit;

    public TimeSpan TimeLeft(TKey key) =>
        TryFind(key, out var tally) && tally.Failures > 0 ? window - time.GetElapsedTime(tally.LastFailure) : TimeSpan.Zero;

    /// <summary>
    /// Lets one more attempt begin if it could fail without exceeding the limit; else <paramref name="turn"/> must be awaited.
    /// </summary>
    public bool TryReserve(TKey key, out Task turn)
    {
        var tally = FindOrAdd(key);
        if (tally.Failures + tally.UnderWay >= Limit)
        {
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            tally.Waiting.Enqueue(waiting);
            turn = waiting.Task;
            return false;
        }

        Unlist(tally);
        tally.UnderWay++;
        turn = Task.CompletedTask;
        return true;
    }

    /// <summary>An attempt is over.</summary>
    public void Release(TKey key)
    {
        if (!_tallies.TryGetValue(key, out var tally))
        {
            return;
        }

        tally.UnderWay--;

        // At the limit all of them are to hear that they are refused; below it there is room for one, who may have left meanwhile: for all.
        while (tally.Waiting.TryDequeue(out var waiting))
        {
            waiting.TrySetResult();
        }

        Settle(tally);
    }

    /// <summary>Counts a failure; returns how many there are.</summary>
    public int Add(TKey key)
    {
        var tally = FindOrAdd(key);
        tally.Failures++;
        tally.LastFailure = time.GetTimestamp();
        Settle(tally);
        return tally.Failures;
    }

    /// <summary>Forgets the failures.</summary>
    public void Clear(TKey key)
    {
        if (_tallies.TryGetValue(key, out var tally))
        {
            tally.Failures = 0;
            Settle(tally);
        }
    }

    private bool TryFind(TKey key, [NotNullWhen(true)] out Tally? tally)
    {
        if (!_tallies.TryGetValue(key, out tally))
        {
            return false;
        }

        if (tally.Failures > 0 && IsOld(tally))
        {
            tally.Failures = 0;
            Settle(tally);
        }

        return true;
    }

    private Tally FindOrAdd(TKey key)
    {
        if (TryFind(key, out var tally) && _tallies.ContainsKey(key))
        {
            return tally;
        }

        ForgetOld();
        if (_tallies.Count >= Math.Max(capacity, 1) && (_below.First ?? _over.First) is { } oldest)
        {
            Forget(oldest.Value);
        }

        tally = new Tally(key);
        _tallies.Add(key, tally);
        return tally;
    }

    /// <summary>
    /// Files a tally where it belongs: in no list while an attempt is in progress, and out of the table when there is nothing to remember.
    /// </summary>
    private void Settle(Tally tally)
    {
        Unlist(tally);
        if (tally.UnderWay > 0)
        {
            return;
        }

        if (tally.Failures == 0)
        {
            Forget(tally);
            return;
        }

        (tally.Failures >= Limit ? _over : _below).AddLast(tally.Node);
    }

    private bool IsOld(Tally tally) => time.GetElapsedTime(tally.LastFailure) >= window;

    private void ForgetOld()
    {
        ForgetOld(_below);
        ForgetOld(_over);
    }

    private void ForgetOld(LinkedList<Tally> list)
    {
        while (list.First is { } oldest && IsOld(oldest.Value))
        {
            Forget(oldest.Value);
        }
    }

    private void Forget(Tally tally)
    {
        Unlist(tally);
        _tallies.Remove(tally.Key);
        while (tally.Waiting.TryDequeue(out var waiting))
        {
            waiting.TrySetResult();
        }
    }

    private static void Unlist(Tally tally) => tally.Node.List?.Remove(tally.Node);

    private sealed class Tally
    {
        public Tally(TKey key)
        {
            Key = key;
            Node = new LinkedListNode<Tally>(this);
        }

        public TKey Key { get; }

        public LinkedListNode<Tally> Node { get; }

        public Queue<TaskCompletionSource> Waiting { get; } = new();

        public int Failures { get; set; }

        public int UnderWay { get; set; }

        public long LastFailure { get; set; }
    }
}
