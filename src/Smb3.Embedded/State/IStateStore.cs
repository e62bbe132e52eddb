namespace Smb3.Embedded.State;

/// <summary>
/// Where a server keeps what must outlive its process: small records, by scope and key, that mean nothing to the store. A scope (a share, say)
/// belongs to one holder at a time, who is known by a fencing token.
/// </summary>
/// <remarks>
/// <para>
/// The store may be on another machine, and several servers may use it at once. All members may be called at the same time, also for one
/// scope. Whoever disposes the store waits until the calls before have ended; those after it get an <see cref="ObjectDisposedException"/>.
/// </para>
/// <para>
/// A failure is an exception. After one, nothing of that batch, or all of it, may be in the store, and later batches may have been carried
/// out without it: the holder does not send the batch once more, but commits what should be there now. What <see cref="StateLimits"/>
/// refuses is an <see cref="ArgumentException"/>, and nothing of such a batch was changed.
/// </para>
/// <para><c>StateStoreConformance</c> of the package <c>Smb3.Embedded.StoreConformance</c> tests every promise made here.</para>
/// </remarks>
public interface IStateStore : IAsyncDisposable
{
    /// <summary>
    /// Takes a scope over. The token is positive and greater than every one given for the scope before, in this process or any other, and from
    /// the moment that it exists no batch with another one is carried out any more.
    /// </summary>
    /// <param name="scope">The scope; made if it does not exist. Its token outlives its records.</param>
    /// <param name="cancellationToken">Ends the wait; the scope may have been taken over all the same.</param>
    ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken);

    /// <summary>
    /// Reads every record of a scope as of one moment, in no particular order. What was committed before the call is there. Whoever is not the
    /// holder may read too.
    /// </summary>
    /// <param name="scope">The scope; one that does not exist has no records.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The records, which nothing changes any more.</returns>
    ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken);

    /// <summary>
    /// Carries a batch out, all or nothing, and completes when it survives the loss of power. Of several changes of one key the last counts.
    /// Batches of one scope take effect in the order of the calls. One without changes only asks whether the token still counts.
    /// </summary>
    /// <param name="scope">The scope.</param>
    /// <param name="token">The token that <see cref="AcquireAsync"/> gave.</param>
    /// <param name="changes">
    /// The changes. The caller does not change the list or the values until the call has completed; the store does not look at them after
    /// that, even when the call was cancelled.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; the batch may be carried out all the same.</param>
    /// <exception cref="StateFencedException">
    /// The token is not the last one given for the scope: somebody has taken it over since, or it is of another store. Nothing was changed.
    /// </exception>
    ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken);
}
