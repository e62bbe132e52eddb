namespace Smb3.Embedded.Files.Locking;

/// <summary>Whom byte-range locks belong to: an open. Compared by reference.</summary>
internal interface ILockOwner
{
    /// <summary>Whether its close has begun, so that it waits for no lock any more.</summary>
    bool IsClosing { get; }

    /// <summary>
    /// It has other locks now. Called with the table's lock held, before anybody else can have what it has no more.
    /// </summary>
    void LocksChanged();
}
