namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>A fixed number of locks that many inodes share.</summary>
internal sealed class LockStripes
{
    private const int Count = 64;

    private readonly Lock[] _locks = Make();

    /// <summary>The lock of an inode.</summary>
    public Lock this[ulong inode] => _locks[inode % Count];

    /// <summary>The locks of two inodes, which may be the same lock, in the order in which they must always be taken.</summary>
    public (Lock First, Lock Second) InOrder(ulong left, ulong right)
    {
        var (first, second) = left % Count <= right % Count ? (left, right) : (right, left);
        return (this[first], this[second]);
    }

    private static Lock[] Make()
    {
        var locks = new Lock[Count];
        for (var i = 0; i < locks.Length; i++)
        {
            locks[i] = new Lock();
        }

        return locks;
    }
}
