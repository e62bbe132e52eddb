namespace Smb3.Embedded.Files.Locking;

/// <summary>One lock that is held. It is a node of a <see cref="LockTree"/>, and of its owner's list in <see cref="HeldLocks"/>.</summary>
internal sealed class HeldLock(ILockOwner owner, ByteRange range, bool exclusive, long number)
{
    /// <summary>The open that holds it.</summary>
    public ILockOwner Owner { get; } = owner;

    /// <summary>What is locked.</summary>
    public ByteRange Range { get; } = range;

    /// <summary>Whether no other open may lock or read it.</summary>
    public bool Exclusive { get; } = exclusive;

    /// <summary>Tells apart locks that begin at the same place.</summary>
    public long Number { get; } = number;

    /// <summary>The first byte; for an empty range the place before which it lies.</summary>
    public ulong First => Range.Offset;

    /// <summary>The last byte; for an empty range the same as <see cref="First"/>.</summary>
    public ulong Last => Range.Length == 0 ? Range.Offset : Range.Offset + (Range.Length - 1);

    /// <summary>In the tree: the branch before it.</summary>
    public HeldLock? Left { get; set; }

    /// <summary>In the tree: the branch after it.</summary>
    public HeldLock? Right { get; set; }

    /// <summary>In the tree: the height of the branch that starts here.</summary>
    public int Height { get; set; }

    /// <summary>In the tree: how far the locks of the branch that starts here extend.</summary>
    public LockReach Reach { get; set; }

    /// <summary>The owner's next lock.</summary>
    public HeldLock? Next { get; set; }

    /// <summary>The owner's lock before this one.</summary>
    public HeldLock? Previous { get; set; }

    /// <summary>The same lock, taken by the same owner earlier and still held.</summary>
    public HeldLock? Earlier { get; set; }
}
