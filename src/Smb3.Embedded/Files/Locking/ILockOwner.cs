namespace Smb3.Embedded.Files.Locking;

/// <summary>The owner of byte-range locks: an open. Compared by reference.</summary>
internal interface ILockOwner
{
    /// <summary>Whether its close has begun, so that it no longer waits for locks.</summary>
    bool IsClosing { get; }

    /// <summary>
    /// Its locks have changed. Called with the table's lock held, before another owner can take what it has given up.
    /// </summary>
    void LocksChanged();
}
