using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Naming;

/// <summary>
/// Serializes operations on one name, so that what an operation found still holds when it acts: creates, renames, links and deletes. A
/// rename or delete of a directory takes its whole tree, because it changes every path in it: it waits only for operations that are at work
/// somewhere below, and operations that come to a name below wait for it. A turn on a name leaves the directories above it free for
/// everything but such a tree operation.
/// </summary>
/// <remarks>
/// <para>
/// Conflicting turns are given in order of arrival: a stream of creates keeps no rename waiting, nor a stream of renames a create. No
/// operation waits for one that came later, so no two ever wait for each other, however many names each of them wants. A turn on a name
/// that nothing conflicts with completes synchronously and allocates no object; a waiter that gives up is forgotten. No other lock of this
/// library is held while waiting here.
/// </para>
/// <para>
/// Names are compared as the store compares them, and are the long ones: 8.3 names have been resolved before. If a store follows symbolic
/// links itself, one name can be reached by two paths, and those two are not serialized; neither is anything that other programs do. There
/// the store's atomic create and rename decide.
/// </para>
/// </remarks>
/// <param name="comparison">How the store compares names.</param>
/// <param name="end">Cancels all waits.</param>
internal sealed class PathLocks(StringComparison comparison, CancellationToken end = default)
{
    private readonly Lock _sync = new();

    // The names on which a turn is held, and the waiters for each.
    private readonly Dictionary<string, LinkedList<Waiter>?> _names = new(StringComparer.FromComparison(comparison));

    // Waiters that hold or want a tree, in order of arrival; and those that wait behind them for a name.
    private readonly List<Waiter> _trees = [];
    private readonly LinkedList<Waiter> _behindTrees = new();
    private long _arrivals;

    /// <summary>The number of names and trees on which a turn is held or waited for.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _names.Count + _trees.Count;
            }
        }
    }

    /// <summary>Waits for a turn on one name.</summary>
    public ValueTask<Turn> LockAsync(StorePath path, CancellationToken cancellationToken) =>
        LockAsync(path.Text, null, cancellationToken);

    /// <summary>Waits for a turn on two names at once.</summary>
    public ValueTask<Turn> LockAsync(StorePath first, StorePath second, CancellationToken cancellationToken) =>
        LockAsync(first.Text, string.Equals(first.Text, second.Text, comparison) ? null : second.Text, cancellationToken);

    /// <summary>Waits for a turn on a directory and everything below it.</summary>
    public ValueTask<Turn> LockTreeAsync(StorePath path, CancellationToken cancellationToken) =>
        LockTreesAsync(path.Text, null, cancellationToken);

    /// <summary>Waits for a turn on two directories, or the places for two, and everything below them.</summary>
    public ValueTask<Turn> LockTreesAsync(StorePath first, StorePath second, CancellationToken cancellationToken) =>
        LockTreesAsync(first.Text, second.Text, cancellationToken);

    private ValueTask<Turn> LockAsync(string first, string? second, CancellationToken cancellationToken)
    {
        Turn turn;
        Waiter waiter;
        lock (_sync)
        {
            turn = new Turn(this, first, second, _arrivals++, null);
            var trees = CountTreesOver(turn);
            var isFirst = _names.TryAdd(first, null);
            var isSecond = second is null || _names.TryAdd(second, null);
            if (trees == 0 && isFirst && isSecond)
            {
                return new(turn);
            }

            waiter = new Waiter(turn) { Hindrances = trees };
            if (!isFirst)
            {
                waiter.FirstPlace = (_names[first] ??= new LinkedList<Waiter>()).AddLast(waiter);
                waiter.Hindrances++;
            }

            if (!isSecond)
            {
                waiter.SecondPlace = (_names[second!] ??= new LinkedList<Waiter>()).AddLast(waiter);
                waiter.Hindrances++;
            }

            if (trees > 0)
            {
                waiter.TreePlace = _behindTrees.AddLast(waiter);
            }
        }

        return WaitAsync(waiter, cancellationToken);
    }

    private ValueTask<Turn> LockTreesAsync(string first, string? second, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_sync)
        {
            waiter = new Waiter(this, first, second, _arrivals++);
            foreach (var (name, waiting) in _names)
            {
                if (IsOver(waiter.Turn, name))
                {
                    waiter.Hindrances += 1 + (waiting?.Count ?? 0);
                }
            }

            foreach (var tree in _trees)
            {
                waiter.Hindrances += Overlap(tree.Turn, waiter.Turn) ? 1 : 0;
            }

            _trees.Add(waiter);
            if (waiter.Hindrances == 0)
            {
                waiter.IsIn = true;
                return new(waiter.Turn);
            }
        }

        return WaitAsync(waiter, cancellationToken);
    }

    private async ValueTask<Turn> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static (waiter, token) => GiveUp((Waiter)waiter!, token), waiter))
        using (end.UnsafeRegister(static (waiter, token) => GiveUp((Waiter)waiter!, token), waiter))
        {
            await waiter.Task.ConfigureAwait(false);
        }

        return waiter.Turn;
    }

    private static void GiveUp(Waiter waiter, CancellationToken cancellationToken)
    {
        var locks = waiter.Turn.Locks;
        lock (locks._sync)
        {
            if (waiter.IsIn)
            {
                return; // the turn came first: the waiter disposes it
            }

            waiter.IsIn = true;
            locks.Leave(waiter.Turn, waiter);
        }

        waiter.TrySetCanceled(cancellationToken);
    }

    private void Leave(in Turn turn)
    {
        lock (_sync)
        {
            Leave(turn, null);
        }
    }

    /// <summary>A turn ends, or <paramref name="waiter"/> gives up waiting for it: those behind it have one hindrance less.</summary>
    private void Leave(in Turn turn, Waiter? waiter)
    {
        if (turn.Tree is { } tree)
        {
            LeaveTree(tree);
            return;
        }

        if (waiter?.TreePlace is { List: not null } place)
        {
            _behindTrees.Remove(place);
        }

        LeaveName(turn.First, turn.Arrival, waiter?.FirstPlace);
        if (turn.Second is { } second)
        {
            LeaveName(second, turn.Arrival, waiter?.SecondPlace);
        }
    }

    private void LeaveName(string name, long arrival, LinkedListNode<Waiter>? place)
    {
        if (place?.List is { } row)
        {
            row.Remove(place);
        }
        else if (_names[name] is { First: { } next } waiting)
        {
            waiting.RemoveFirst();
            Advance(next.Value);
        }
        else
        {
            _names.Remove(name);
        }

        foreach (var tree in _trees)
        {
            if (tree.Turn.Arrival > arrival && IsOver(tree.Turn, name))
            {
                Advance(tree);
            }
        }
    }

    private void LeaveTree(Waiter left)
    {
        _trees.Remove(left);
        foreach (var tree in _trees)
        {
            if (tree.Turn.Arrival > left.Turn.Arrival && Overlap(tree.Turn, left.Turn))
            {
                Advance(tree);
            }
        }

        for (var node = _behindTrees.First; node is not null;)
        {
            var waiter = node.Value;
            node = node.Next;
            if (waiter.Turn.Arrival > left.Turn.Arrival && IsOver(left.Turn, waiter.Turn))
            {
                Advance(waiter);
            }
        }
    }

    private void Advance(Waiter waiter)
    {
        if (--waiter.Hindrances > 0)
        {
            return;
        }

        if (waiter.TreePlace is { } place)
        {
            _behindTrees.Remove(place);
        }

        waiter.IsIn = true;
        waiter.TrySetResult();
    }

    private int CountTreesOver(in Turn turn)
    {
        var count = 0;
        foreach (var tree in _trees)
        {
            count += IsOver(tree.Turn, turn) ? 1 : 0;
        }

        return count;
    }

    private bool IsOver(in Turn tree, in Turn turn) => IsOver(tree, turn.First) || (turn.Second is { } second && IsOver(tree, second));

    private bool IsOver(in Turn tree, string name) => IsOver(tree.First, name) || (tree.Second is { } second && IsOver(second, name));

    private bool IsOver(string tree, string name) =>
        string.Equals(tree, name, comparison) || new StorePath(name).IsBelow(new StorePath(tree), comparison);

    private bool Overlap(in Turn left, in Turn right) => IsOver(left, right) || IsOver(right, left);

    /// <summary>A turn; disposing it, once, lets the next one in.</summary>
    internal readonly struct Turn : IDisposable
    {
        internal Turn(PathLocks locks, string first, string? second, long arrival, Waiter? tree)
        {
            Locks = locks;
            First = first;
            Second = second;
            Arrival = arrival;
            Tree = tree;
        }

        internal PathLocks Locks { get; }

        internal string First { get; }

        internal string? Second { get; }

        internal long Arrival { get; }

        internal Waiter? Tree { get; }

        /// <inheritdoc/>
        public void Dispose() => Locks.Leave(this);
    }

    /// <summary>A request that waits for a turn, or holds one on trees. Guarded by the owner's lock.</summary>
    internal sealed class Waiter : TaskCompletionSource
    {
        public Waiter(in Turn turn)
            : base(TaskCreationOptions.RunContinuationsAsynchronously) => Turn = turn;

        public Waiter(PathLocks locks, string first, string? second, long arrival)
            : base(TaskCreationOptions.RunContinuationsAsynchronously) => Turn = new Turn(locks, first, second, arrival, this);

        public Turn Turn { get; }

        /// <summary>How many earlier requests have to leave first: one for each name, and one for each tree.</summary>
        public int Hindrances { get; set; }

        /// <summary>Whether it has got its turn, or has given up.</summary>
        public bool IsIn { get; set; }

        /// <summary>Its place in the queue for its first name.</summary>
        public LinkedListNode<Waiter>? FirstPlace { get; set; }

        /// <summary>Its place in the queue for its second name.</summary>
        public LinkedListNode<Waiter>? SecondPlace { get; set; }

        /// <summary>Its place among those waiting behind trees.</summary>
        public LinkedListNode<Waiter>? TreePlace { get; set; }
    }
}
