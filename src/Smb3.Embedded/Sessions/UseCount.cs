namespace Smb3.Embedded.Sessions;

/// <summary>
/// Counts the users of something, such as a key, that must not disappear while they work with it. Its owner counts as one until it ends it.
/// A field that is mutated in place: never copied.
/// </summary>
internal struct UseCount
{
    private int _uses;

    /// <summary>Begins with the owner's own use.</summary>
    public UseCount() => _uses = 1;

    /// <summary>One more; false when the last has gone. Every true answer is followed by one <see cref="Release"/>.</summary>
    public bool TryUse()
    {
        var uses = Volatile.Read(ref _uses);
        while (uses > 0)
        {
            var seen = Interlocked.CompareExchange(ref _uses, uses + 1, uses);
            if (seen == uses)
            {
                return true;
            }

            uses = seen;
        }

        return false;
    }

    /// <summary>One less; true for the last.</summary>
    public bool Release() => Interlocked.Decrement(ref _uses) == 0;
}
