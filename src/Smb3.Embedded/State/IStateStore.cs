namespace Smb3.Embedded.State;

/// <summary>
/// Where a server keeps what must outlive its process: small records, by scope and key, that mean nothing to the store. A scope (a share, say)
/// belongs to one holder at a time, who is known by a fencing token.
/// </summary>
/// <remarks>
/// The store may be on another machine, and several servers may use it at once. All members may be called at the same time, also for one
/// scope. A failure is an exception; after one, nothing of that batch, or all of it, may be in the store, and the holder commits it again.
/// <c>StateStoreConformance</c> of the package <c>Smb3.Embedded.StoreConformance</c> tests every promise made here.
/// </remarks>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>
    /// Takes a scope over. The token is greater than every one given for the scope before, in this process or any other, and from the moment
    /// that it exists batches with an older one are refused.
    /// </summary>
    /// <param name="scope">The scope, at most 255 characters, compared exactly; made if it does not exist.</param>
    /// <param name="cancellationToken">Ends the wait; the scope may have been taken over all the same.</param>
    ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken);

    /// <summary>Reads every record of a scope as of one moment, in no particular order. Whoever is not the holder may read too.</summary>
    /// <param name="scope">The scope; one that does not exist has no records.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken);

    /// <summary>
    /// Carries a batch out, all or nothing, and completes when it survives the loss of power. Of several changes of one key the last counts.
    /// Batches of one scope take effect in the order of the calls.
    /// </summary>
    /// <param name="scope">The scope.</param>
    /// <param name="token">The token that <see cref="AcquireAsync"/> gave.</param>
    /// <param name="changes">The changes. Neither the list nor the values change until the call completes.</param>
    /// <param name="cancellationToken">Ends the wait; the batch may have been carried out all the same.</param>
    /// <exception cref="StateFencedException">Somebody has taken the scope over since. Nothing was changed.</exception>
    ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken);
}
