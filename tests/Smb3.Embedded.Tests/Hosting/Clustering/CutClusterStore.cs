using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>A node's way to the store of the cluster, which can be cut.</summary>
internal sealed class CutClusterStore(IClusterStore store) : IClusterStore
{
    private volatile bool _isCut;
    private volatile bool _isStateCut;
    private HeldCall? _adding;

    /// <summary>Whether every call fails.</summary>
    public bool IsCut
    {
        get => _isCut;
        set => _isCut = value;
    }

    /// <summary>Whether no state of a share can be kept.</summary>
    public bool IsStateCut
    {
        get => _isStateCut;
        set => _isStateCut = value;
    }

    /// <summary>Waited for whenever the state of a share is acquired.</summary>
    public Func<Task>? Acquiring { get; set; }

    /// <summary>Whether a part is made, but the node does not hear of it.</summary>
    public bool FailsAfterAdding { get; set; }

    /// <summary>The same, and it hears nothing more.</summary>
    public bool CutsAfterAdding { get; set; }

    public IStateStore State => store.State;

    /// <summary>Has the next part be made only later.</summary>
    public HeldCall HoldAdding() => _adding = new HeldCall();

    public ValueTask<ClusterMember> JoinAsync(ClusterNode node, TimeSpan leaseTime, CancellationToken cancellationToken) =>
        Way().JoinAsync(node, leaseTime, cancellationToken);

    public ValueTask RenewAsync(long incarnation, ClusterLoad load, CancellationToken cancellationToken) =>
        Way().RenewAsync(incarnation, load, cancellationToken);

    public ValueTask LeaveAsync(long incarnation, CancellationToken cancellationToken) => Way().LeaveAsync(incarnation, cancellationToken);

    public ValueTask<IReadOnlyList<ClusterOwnership>> TakeAsync(
        long incarnation, IReadOnlyCollection<string> shares, CancellationToken cancellationToken) =>
        Way().TakeAsync(incarnation, shares, cancellationToken);

    public ValueTask ReleaseAsync(ClusterOwnership ownership, string? successor, CancellationToken cancellationToken) =>
        Way().ReleaseAsync(ownership, successor, cancellationToken);

    public ValueTask<bool> RequestMoveAsync(string share, string? node, long asOf, CancellationToken cancellationToken) =>
        Way().RequestMoveAsync(share, node, asOf, cancellationToken);

    public async ValueTask AddPartAsync(ClusterOwnership whole, string part, string folder, CancellationToken cancellationToken)
    {
        if (_adding is { } held)
        {
            held.Held.SetResult();
            await held.Go.Task;
            await store.AddPartAsync(whole, part, folder, CancellationToken.None); // it was on its way
            return;
        }

        await Way().AddPartAsync(whole, part, folder, cancellationToken);
        IsCut |= CutsAfterAdding;
        if (CutsAfterAdding || FailsAfterAdding)
        {
            throw new IOException("The answer was lost.");
        }
    }

    public ValueTask RemovePartAsync(ClusterOwnership whole, ClusterOwnership part, CancellationToken cancellationToken) =>
        Way().RemovePartAsync(whole, part, cancellationToken);

    public ValueTask<ClusterView> ReadAsync(long since, CancellationToken cancellationToken) => Way().ReadAsync(since, cancellationToken);

    public ValueTask WaitAsync(long since, TimeSpan atMost, CancellationToken cancellationToken) => Way().WaitAsync(since, atMost, cancellationToken);

    public ValueTask ConfigureAsync(ClusterSettings settings, CancellationToken cancellationToken) => Way().ConfigureAsync(settings, cancellationToken);

    public IStateStore OpenState(ClusterOwnership ownership) => new CutState(this, store.OpenState(ownership));

    public ValueTask DisposeAsync() => default;

    private IClusterStore Way()
    {
        Check();
        return store;
    }

    private void Check()
    {
        if (_isCut)
        {
            throw new IOException("The store of the cluster cannot be reached.");
        }
    }

    /// <summary>A call that does not go on by itself.</summary>
    internal sealed class HeldCall
    {
        /// <summary>It has been made.</summary>
        public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>It goes on.</summary>
        public TaskCompletionSource Go { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class CutState(CutClusterStore way, IStateStore state) : IStateStore
    {
        public async ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
        {
            way.Check();
            await (way.Acquiring?.Invoke() ?? Task.CompletedTask);
            return await state.AcquireAsync(scope, cancellationToken);
        }

        public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
        {
            way.Check();
            return state.ReadAsync(scope, cancellationToken);
        }

        public ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
        {
            way.Check();
            if (way.IsStateCut)
            {
                throw new IOException("No space is left.");
            }

            return state.CommitAsync(scope, token, changes, cancellationToken);
        }

        public ValueTask DisposeAsync() => default;
    }
}
