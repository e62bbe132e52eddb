using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;

namespace Smb3.Embedded.PostgreSql;

/// <summary>The state of a share, as one ownership of it may change it.</summary>
internal sealed class ShareState(Calls calls, Records records, ClusterOwnership ownership) : IStateStore
{
    public async ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        cancellationToken.ThrowIfCancellationRequested();
        var holder = Holder.OfShare(ownership.Share, scope);
        var token = ownership.Epoch > 0
            ? await calls.RunAsync(() => records.TokenAsync(holder, cancellationToken)).ConfigureAwait(false) : 0;
        return token == ownership.Epoch && token > 0 ? token : throw new StateFencedException(holder.Said);
    }

    public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<IReadOnlyList<StateRecord>>(cancellationToken)
            : calls.RunAsync(() => records.ReadAsync(Holder.OfShare(ownership.Share, scope), cancellationToken));
    }

    public async ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope, changes);
        cancellationToken.ThrowIfCancellationRequested();
        var holder = Holder.OfShare(ownership.Share, scope);
        if (token != ownership.Epoch)
        {
            throw new StateFencedException(holder.Said);
        }

        await calls.RunAsync(() => records.CommitAsync(holder, token, changes, cancellationToken)).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => default;
}
