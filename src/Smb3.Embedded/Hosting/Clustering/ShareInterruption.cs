using Smb3.Embedded.Cluster;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// Something that the owner of shares does between two openings of them: what clients have open is suspended before, and after it the shares
/// are taken anew, so that what they consist of is read under an epoch that nothing older can change.
/// </summary>
/// <param name="holdings">The shares, all of which have to be served here.</param>
/// <param name="prepare">
/// Called for each share, with its volume, when nothing is in work on it any more: does what has to be done before, and throws when it must not be
/// interrupted.
/// </param>
/// <param name="work">What is done.</param>
internal sealed class ShareInterruption(
    IReadOnlyList<ShareHolding> holdings,
    Func<string, Files.Volume, CancellationToken, Task> prepare,
    Func<IReadOnlyList<ClusterOwnership>, CancellationToken, ValueTask> work)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<ShareHolding> Holdings => holdings;

    /// <summary>Completes when it is done; fails when it could not be, or perhaps was not.</summary>
    public Task Done => _done.Task;

    /// <summary>Whether it can begin.</summary>
    public bool IsReady => holdings.All(static holding => holding is { Phase: HoldingPhase.Serving, Work.IsCompleted: true, Ownership: not null });

    public void Complete() => _done.TrySetResult();

    public void Fail(Exception failure) => _done.TrySetException(failure);

    /// <summary>Suspends the shares and does it.</summary>
    public async Task RunAsync(ShareKeeper keeper, CancellationToken cancellationToken)
    {
        foreach (var holding in holdings)
        {
            await keeper.SuspendAsync(holding.Share, volume => prepare(holding.Share, volume, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        await work([.. holdings.Select(static holding => holding.Ownership!)], cancellationToken).ConfigureAwait(false);
    }
}
