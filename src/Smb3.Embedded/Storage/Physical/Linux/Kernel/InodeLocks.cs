namespace Smb3.Embedded.Storage.Physical.Linux.Kernel;

/// <summary>A fixed number of locks that many inodes share.</summary>
internal sealed class InodeLocks
{
    private const int Count = 64;

    private readonly Lock[] _locks = Make();

    /// <summary>The lock of an inode.</summary>
    public Lock Of(in StatxBuffer stat) => _locks[stat.Inode % Count];

    /// <summary>The lock of an inode.</summary>
    public Lock Of(InodeKey inode) => _locks[inode.Number % Count];

    /// <summary>The locks of two inodes, which may be the same lock, in the order in which they must always be taken.</summary>
    public (Lock First, Lock Second) OfBoth(in StatxBuffer left, in StatxBuffer right) =>
        left.Inode % Count <= right.Inode % Count ? (Of(left), Of(right)) : (Of(right), Of(left));

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
