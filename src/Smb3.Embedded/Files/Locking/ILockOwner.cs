namespace Smb3.Embedded.Files.Locking;

/// <summary>Whom byte-range locks belong to: an open. Compared by reference.</summary>
internal interface ILockOwner
{
    /// <summary>Whether its close has begun, so that it waits for no lock any more.</summary>
    bool IsClosing { get; }
}
