using System.Collections.Concurrent;
using Smb3.Embedded.Storage.Physical.Linux.Streams;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// The files on which this store holds leases of the kernel. The kernel breaks a lease for opens of the very process that holds it, too:
/// before the store opens such a file once more, the lease steps aside, and comes back when that is over.
/// </summary>
internal sealed class LeaseRegister
{
    private readonly ConcurrentDictionary<InodeKey, IFileLease> _leases = [];

    /// <summary>Whether there is none, and nobody need look.</summary>
    public bool IsEmpty => _leases.IsEmpty;

    /// <summary>Adds one; false when the file has one.</summary>
    public bool TryAdd(InodeKey inode, IFileLease lease) => _leases.TryAdd(inode, lease);

    /// <summary>Takes one out.</summary>
    public void Remove(InodeKey inode, IFileLease lease) => _leases.TryRemove(KeyValuePair.Create(inode, lease));

    /// <summary>The store is about to open the file.</summary>
    public void StepAside(InodeKey inode)
    {
        if (_leases.TryGetValue(inode, out var lease))
        {
            lease.StepAside();
        }
    }

    /// <summary>The store has closed a handle of the file.</summary>
    public void ComeBack(InodeKey inode)
    {
        if (_leases.TryGetValue(inode, out var lease))
        {
            lease.ComeBack();
        }
    }
}

/// <summary>A lease of the kernel.</summary>
internal interface IFileLease
{
    /// <summary>Gives the lease back, for now.</summary>
    void StepAside();

    /// <summary>Takes the lease again, if it can be had.</summary>
    void ComeBack();
}
