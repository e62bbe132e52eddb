namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// Locks in the order of their first bytes, in a balanced (AVL) tree whose nodes know how far their branches extend: whether any lock lies
/// in a range is found in logarithmic time, however many there are and however they overlap.
/// </summary>
internal sealed class LockTree
{
    private HeldLock? _root;

    /// <summary>Adds a lock.</summary>
    public void Add(HeldLock held) => _root = Add(_root, held);

    /// <summary>Removes a lock that is in it.</summary>
    public void Remove(HeldLock held) => _root = Remove(_root, held);

    /// <summary>
    /// Whether any lock begins at or before <paramref name="first"/> and extends to <paramref name="last"/> or beyond.
    /// </summary>
    /// <param name="first">The latest place where it may begin.</param>
    /// <param name="last">The earliest place where it may end.</param>
    /// <param name="besides">The owner whose locks do not count.</param>
    public bool Any(ulong first, ulong last, ILockOwner? besides)
    {
        for (var node = _root; node is not null;)
        {
            if (node.First > first)
            {
                node = node.Left;
                continue;
            }

            // This node and all before it begin early enough.
            if ((node.Last >= last && node.Owner != besides) || (node.Left is { } left && left.Reach.GetsTo(last, besides)))
            {
                return true;
            }

            node = node.Right;
        }

        return false;
    }

    private static HeldLock Add(HeldLock? node, HeldLock held)
    {
        if (node is null)
        {
            held.Left = held.Right = null;
            Update(held);
            return held;
        }

        if (IsBefore(held, node))
        {
            node.Left = Add(node.Left, held);
        }
        else
        {
            node.Right = Add(node.Right, held);
        }

        return Balance(node);
    }

    private static HeldLock? Remove(HeldLock? node, HeldLock held)
    {
        if (node is null)
        {
            return null;
        }

        if (node == held)
        {
            if (node.Left is null)
            {
                return node.Right;
            }

            if (node.Right is null)
            {
                return node.Left;
            }

            var first = node.Right;
            while (first.Left is not null)
            {
                first = first.Left;
            }

            var rest = Remove(node.Right, first);
            (first.Left, first.Right) = (node.Left, rest);
            return Balance(first);
        }

        if (IsBefore(held, node))
        {
            node.Left = Remove(node.Left, held);
        }
        else
        {
            node.Right = Remove(node.Right, held);
        }

        return Balance(node);
    }

    private static bool IsBefore(HeldLock held, HeldLock other) =>
        held.First != other.First ? held.First < other.First : held.Number < other.Number;

    private static HeldLock Balance(HeldLock node)
    {
        Update(node);
        var lean = Lean(node);
        if (lean > 1)
        {
            if (Lean(node.Left!) < 0)
            {
                node.Left = TurnLeft(node.Left!);
            }

            return TurnRight(node);
        }

        if (lean < -1)
        {
            if (Lean(node.Right!) > 0)
            {
                node.Right = TurnRight(node.Right!);
            }

            return TurnLeft(node);
        }

        return node;
    }

    private static HeldLock TurnRight(HeldLock node)
    {
        var top = node.Left!;
        node.Left = top.Right;
        top.Right = node;
        Update(node);
        Update(top);
        return top;
    }

    private static HeldLock TurnLeft(HeldLock node)
    {
        var top = node.Right!;
        node.Right = top.Left;
        top.Left = node;
        Update(node);
        Update(top);
        return top;
    }

    private static int Lean(HeldLock node) => (node.Left?.Height ?? 0) - (node.Right?.Height ?? 0);

    private static void Update(HeldLock node)
    {
        node.Height = Math.Max(node.Left?.Height ?? 0, node.Right?.Height ?? 0) + 1;
        var reach = new LockReach(node);
        if (node.Left is { } left)
        {
            reach = reach.With(left.Reach);
        }

        if (node.Right is { } right)
        {
            reach = reach.With(right.Reach);
        }

        node.Reach = reach;
    }
}
