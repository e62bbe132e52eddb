using Smb3.Embedded.State;

namespace Smb3.Embedded.Cluster;

/// <summary>
/// What the nodes of a cluster agree on: who is alive, who owns which share, and where what each owner must remember is kept. The store is the
/// only judge of time; nodes do not speak to each other.
/// </summary>
/// <remarks>
/// <para>
/// A node is alive as long as its lease is, which is renewed by the store's clock. A share belongs to at most one node, and stays with it as
/// long as that lease is valid: owning many shares costs no more than owning one. Every change of the owner makes the share's epoch greater,
/// and the epoch is the only fencing token that the share's state accepts from then on, so that a node that was too slow changes nothing.
/// </para>
/// <para>
/// All members may be called at the same time, from any number of processes. A failure that is none of those named here is an exception of
/// the store; after one, the call may have taken effect.
/// </para>
/// <para><c>ClusterStoreConformance</c> of the package <c>Smb3.Embedded.StoreConformance</c> tests every promise made here.</para>
/// </remarks>
public interface IClusterStore : IAsyncDisposable
{
    /// <summary>
    /// State that belongs to a node or to the whole cluster. It lives until this store is disposed, and is not disposed by itself. The scopes of
    /// shares are reached by <see cref="OpenState"/> only.
    /// </summary>
    IStateStore State { get; }

    /// <summary>
    /// A node joins, under an incarnation that is positive and greater than any before it in the cluster. An earlier incarnation of the same
    /// name is replaced: from now on it can renew and take nothing, but what it owns stays its own until its lease has run out, it leaves, or
    /// it gives it up.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="leaseTime">How long its lease is valid without being renewed.</param>
    /// <param name="cancellationToken">Ends the wait; the node may have joined all the same.</param>
    /// <exception cref="ArgumentException">A property cannot be kept; see <see cref="ClusterLimits"/>.</exception>
    /// <exception cref="ClusterLevelException">The cluster is at a functional level that the node does not know.</exception>
    /// <exception cref="StateFencedException">The node is shut out (<see cref="FenceAsync"/>).</exception>
    ValueTask<ClusterMember> JoinAsync(ClusterNode node, TimeSpan leaseTime, CancellationToken cancellationToken);

    /// <summary>
    /// Renews a lease: it is valid for its whole time again, counted from a moment after the call began. A lease that has run out, that was
    /// left, or whose node was replaced, is not renewed.
    /// </summary>
    /// <param name="incarnation">The incarnation that holds it.</param>
    /// <param name="load">What the node carries at present, for the others to see.</param>
    /// <param name="cancellationToken">Ends the wait; the lease may have been renewed all the same.</param>
    /// <exception cref="StateFencedException">
    /// The lease is not valid any more, the node is shut out, or the store has gone back to an earlier version, and so may have forgotten who
    /// owns what; the node has to join anew.
    /// </exception>
    ValueTask RenewAsync(long incarnation, ClusterLoad load, CancellationToken cancellationToken);

    /// <summary>A node leaves: its lease ends, and what it owned is free. Does nothing when the lease is not valid any more.</summary>
    /// <param name="incarnation">The incarnation that leaves.</param>
    /// <param name="cancellationToken">Ends the wait; the node may have left all the same.</param>
    ValueTask LeaveAsync(long incarnation, CancellationToken cancellationToken);

    /// <summary>
    /// Takes those of the shares that are free: that have no owner, whose owner's lease has run out, and that are not reserved for another node
    /// whose lease is valid. A share is made when it does not exist. Who owns a share already gets it again, with a new epoch. A part that was
    /// removed is not free.
    /// </summary>
    /// <param name="incarnation">The incarnation that takes them.</param>
    /// <param name="shares">Their names; case does not count.</param>
    /// <param name="cancellationToken">Ends the wait; they may have been taken all the same.</param>
    /// <returns>Those that were taken, each with its new epoch.</returns>
    /// <exception cref="StateFencedException">The lease is not valid.</exception>
    ValueTask<IReadOnlyList<ClusterOwnership>> TakeAsync(
        long incarnation, IReadOnlyCollection<string> shares, CancellationToken cancellationToken);

    /// <summary>
    /// Gives a share up: it has no owner from now on. Does nothing when the epoch is not the last one. What was asked for by
    /// <see cref="RequestMoveAsync"/> is fulfilled with that. The owner needs no valid lease for it.
    /// </summary>
    /// <param name="ownership">What is given up.</param>
    /// <param name="successor">
    /// The name of the node that it is reserved for, as long as that node's lease is valid and for one lease time of that node at most;
    /// <see langword="null"/>: anybody may take it.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; it may have been given up all the same.</param>
    ValueTask ReleaseAsync(ClusterOwnership ownership, string? successor, CancellationToken cancellationToken);

    /// <summary>
    /// Asks that a share be moved; its owner sees it and does it. Kept until the share is given up, until that node takes it, or until another
    /// call replaces it. A share that belongs to the node already shall stay.
    /// </summary>
    /// <param name="share">The share.</param>
    /// <param name="node">The name of the node that is to have it; <see langword="null"/>: it shall stay.</param>
    /// <param name="asOf">
    /// The version that whoever asks knows: nothing is done when there is a later one, so that of several who decide by what they have read one
    /// has his way; <see cref="long.MaxValue"/>: whatever has changed.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the wish may be kept all the same.</param>
    /// <returns>Whether there is such a share, and such a node with a valid lease, and no later version.</returns>
    ValueTask<bool> RequestMoveAsync(string share, string? node, long asOf, CancellationToken cancellationToken);

    /// <summary>
    /// Splits a share at a folder: makes a part of it, a share of its own that is taken, moved and fenced as any other. Only the owner of the
    /// share can. A part that is there already, of this share and at this folder, is left as it is; the name of one that was removed is not
    /// given again.
    /// </summary>
    /// <param name="whole">The share, as its owner has it.</param>
    /// <param name="part">The name of the part.</param>
    /// <param name="folder">The folder, from the root of the share on; the store keeps the text as it is.</param>
    /// <param name="cancellationToken">Ends the wait; the part may have been made all the same.</param>
    /// <exception cref="ArgumentException">The name or the folder cannot be kept, or the name is or was that of another share.</exception>
    /// <exception cref="StateFencedException">The share has another owner or epoch. Nothing was changed.</exception>
    /// <exception cref="ClusterLevelException">
    /// The cluster is below the functional level <see cref="ClusterLimits.PartsLevel"/>: it may have nodes that would serve what is in the part.
    /// Nothing was changed.
    /// </exception>
    ValueTask AddPartAsync(ClusterOwnership whole, string part, string folder, CancellationToken cancellationToken);

    /// <summary>
    /// Joins a part to its share again, which the same node must own: nobody owns the part from then on or can take it, and its state is gone. One
    /// that was removed before stays so.
    /// </summary>
    /// <param name="whole">The share, as its owner has it.</param>
    /// <param name="part">The part, as its owner has it.</param>
    /// <param name="cancellationToken">Ends the wait; the part may have been removed all the same.</param>
    /// <exception cref="StateFencedException">One of the two has another owner or epoch, or they do not belong together. Nothing was changed.</exception>
    ValueTask RemovePartAsync(ClusterOwnership whole, ClusterOwnership part, CancellationToken cancellationToken);

    /// <summary>
    /// Reads what has changed. Every change of a share or a setting counts the version up, in the order in which the changes become visible, so
    /// that none is missed by asking for those after the last version seen. The nodes are all told each time, with what is left of their leases:
    /// a share whose owner's incarnation is not among those alive is free, unless it is reserved.
    /// </summary>
    /// <param name="since">The version after which shares are told; 0: all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<ClusterView> ReadAsync(long since, CancellationToken cancellationToken);

    /// <summary>
    /// Completes when something may have changed that <see cref="ReadAsync"/> tells, or when the time is over; also for no reason. A hint that
    /// makes things quick: nobody relies on it.
    /// </summary>
    /// <param name="since">The version that the caller has seen.</param>
    /// <param name="atMost">The longest wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask WaitAsync(long since, TimeSpan atMost, CancellationToken cancellationToken);

    /// <summary>Changes what holds for the whole cluster.</summary>
    /// <param name="settings">The new settings.</param>
    /// <param name="cancellationToken">Ends the wait; they may have been changed all the same.</param>
    /// <exception cref="ClusterLevelException">
    /// The functional level would go down, or a node whose lease is valid does not know it. Nothing was changed.
    /// </exception>
    ValueTask ConfigureAsync(ClusterSettings settings, CancellationToken cancellationToken);

    /// <summary>
    /// Shuts a node out, or lets it in again. While it is shut out its lease is not renewed, it takes nothing, nothing is given or reserved to it,
    /// and it cannot join, whatever its incarnation. What it owns stays its own until its lease has run out, it leaves, or it gives it up.
    /// </summary>
    /// <param name="node">The name of the node; case does not count.</param>
    /// <param name="isOut">Whether it is shut out.</param>
    /// <param name="cancellationToken">Ends the wait; it may have taken effect all the same.</param>
    /// <returns>Whether such a node is known; of one that is not nothing is kept.</returns>
    ValueTask<bool> FenceAsync(string node, bool isOut, CancellationToken cancellationToken);

    /// <summary>
    /// The state of a share, for its owner: a store in which every scope is the share's own, and <see cref="IStateStore.AcquireAsync"/> gives the
    /// epoch, or a <see cref="StateFencedException"/> when it is not the last one any more. Disposing it does nothing.
    /// </summary>
    /// <param name="ownership">What is owned.</param>
    IStateStore OpenState(ClusterOwnership ownership);
}
