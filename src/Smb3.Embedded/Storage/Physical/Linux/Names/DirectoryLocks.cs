namespace Smb3.Embedded.Storage.Physical.Linux.Names;

/// <summary>Puts the store's own changes of a directory's entries in a row.</summary>
internal sealed class DirectoryLocks
{
    private readonly LockStripes _locks = new();

    /// <summary>The lock of a directory.</summary>
    public Lock Of(DirectoryPlace place) => _locks[place.AsFound.Inode];

    /// <summary>The locks of two directories, which may be one, in the order in which everybody takes them.</summary>
    public (Lock First, Lock Second) OfBoth(DirectoryPlace left, DirectoryPlace right) => _locks.InOrder(left.AsFound.Inode, right.AsFound.Inode);
}
