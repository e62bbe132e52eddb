namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Serializes the store's own changes of a directory's entries.</summary>
internal sealed class DirectoryLocks
{
    private readonly LockStripes _locks = new();

    /// <summary>The lock of a directory.</summary>
    public Lock Of(DirectoryPlace place) => _locks[place.AsFound.Inode];

    /// <summary>The locks of two directories, which may be the same lock, in the order in which they must always be taken.</summary>
    public (Lock First, Lock Second) OfBoth(DirectoryPlace left, DirectoryPlace right) => _locks.InOrder(left.AsFound.Inode, right.AsFound.Inode);
}
