using System.Collections.Concurrent;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Leases;

/// <summary>
/// The files on which this store holds kernel leases. The kernel breaks a lease even for opens by the process that holds it, so before
/// the store opens such a file again the lease steps aside, and it comes back when that is over.
/// </summary>
internal sealed class LeaseRegister
{
    private readonly ConcurrentDictionary<InodeKey, IFileLease> _leases = [];

    /// <summary>Whether there are no leases, so that no look-up is needed.</summary>
    public bool IsEmpty => _leases.IsEmpty;

    /// <summary>Adds a lease; false when the file already has one.</summary>
    public bool TryAdd(InodeKey inode, IFileLease lease) => _leases.TryAdd(inode, lease);

    /// <summary>Removes a lease.</summary>
    public void Remove(InodeKey inode, IFileLease lease) => _leases.TryRemove(KeyValuePair.Create(inode, lease));

    /// <summary>Called when the store is about to open the file.</summary>
    public void StepAside(InodeKey inode)
    {
        if (_leases.TryGetValue(inode, out var lease))
        {
            lease.StepAside();
        }
    }

    /// <summary>Called when the store has closed a handle on the file.</summary>
    public void ComeBack(InodeKey inode)
    {
        if (_leases.TryGetValue(inode, out var lease))
        {
            lease.ComeBack();
        }
    }
}

/// <summary>A kernel lease.</summary>
internal interface IFileLease
{
    /// <summary>Gives the lease up for now.</summary>
    void StepAside();

    /// <summary>Takes the lease again if possible.</summary>
    void ComeBack();
}
