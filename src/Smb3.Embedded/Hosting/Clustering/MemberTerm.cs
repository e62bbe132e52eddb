using Smb3.Embedded.Files.Fencing;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>One membership of this node, from its joining until its lease is lost.</summary>
/// <param name="incarnation">What the cluster knows it by.</param>
/// <param name="lease">How long it lasts, as far as this node may rely on it.</param>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The source has no timer and makes no wait handle.")]
internal sealed class MemberTerm(long incarnation, OwnerLease lease)
{
    private readonly CancellationTokenSource _over = new();

    public long Incarnation { get; } = incarnation;

    public OwnerLease Lease { get; } = lease;

    /// <summary>Cancelled by <see cref="EndAsync"/>.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>It is lost: from this call on nothing that was owned under it is this node's.</summary>
    public Task EndAsync()
    {
        Lease.End();
        return _over.CancelAsync();
    }
}
