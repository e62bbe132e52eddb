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

    /// <summary>Told before and after each call that changes something, which may not go on, or fail then.</summary>
    public Func<string, Task>? Passing { get; set; }

    /// <summary>What every call waits for, as in a process that is stopped; <see langword="null"/>: it runs.</summary>
    public Task? Stopped { get; set; }

    public ValueTask<ClusterMember> JoinAsync(ClusterNode node, TimeSpan leaseTime, CancellationToken cancellationToken) =>
        DoAsync("Join", way => way.JoinAsync(node, leaseTime, cancellationToken), isStep: false);

    public ValueTask RenewAsync(long incarnation, ClusterLoad load, CancellationToken cancellationToken) =>
        DoAsync("Renew", way => way.RenewAsync(incarnation, load, cancellationToken), isStep: false);

    public ValueTask LeaveAsync(long incarnation, CancellationToken cancellationToken) =>
        DoAsync("Leave", way => way.LeaveAsync(incarnation, cancellationToken), isStep: false);

    public ValueTask<IReadOnlyList<ClusterOwnership>> TakeAsync(
        long incarnation, IReadOnlyCollection<string> shares, CancellationToken cancellationToken) =>
        DoAsync("Take", way => way.TakeAsync(incarnation, shares, cancellationToken));

    public ValueTask ReleaseAsync(ClusterOwnership ownership, string? successor, CancellationToken cancellationToken) =>
        DoAsync("Release", way => way.ReleaseAsync(ownership, successor, cancellationToken));

    public ValueTask<bool> RequestMoveAsync(string share, string? node, long asOf, CancellationToken cancellationToken) =>
        DoAsync("RequestMove", way => way.RequestMoveAsync(share, node, asOf, cancellationToken));

    public async ValueTask AddPartAsync(ClusterOwnership whole, string part, string folder, CancellationToken cancellationToken)
    {
        if (_adding is { } held)
        {
            held.Held.SetResult();
            await held.Go.Task;
            await store.AddPartAsync(whole, part, folder, CancellationToken.None); // it was on its way
            return;
        }

        await DoAsync("AddPart", way => way.AddPartAsync(whole, part, folder, CancellationToken.None));
        IsCut |= CutsAfterAdding;
        if (CutsAfterAdding || FailsAfterAdding)
        {
            throw new IOException("The answer was lost.");
        }
    }

    public ValueTask RemovePartAsync(ClusterOwnership whole, ClusterOwnership part, CancellationToken cancellationToken) =>
        DoAsync("RemovePart", way => way.RemovePartAsync(whole, part, CancellationToken.None));

    public ValueTask<ClusterView> ReadAsync(long since, CancellationToken cancellationToken) =>
        DoAsync("Read", way => way.ReadAsync(since, cancellationToken), isStep: false);

    public ValueTask WaitAsync(long since, TimeSpan atMost, CancellationToken cancellationToken) =>
        DoAsync("Wait", way => way.WaitAsync(since, atMost, cancellationToken), isStep: false);

    public ValueTask ConfigureAsync(ClusterSettings settings, CancellationToken cancellationToken) =>
        DoAsync("Configure", way => way.ConfigureAsync(settings, cancellationToken));

    public ValueTask<bool> FenceAsync(string node, bool isOut, CancellationToken cancellationToken) =>
        DoAsync("Fence", way => way.FenceAsync(node, isOut, cancellationToken));

    public IStateStore OpenState(ClusterOwnership ownership) => new CutState(this, store.OpenState(ownership));

    public ValueTask DisposeAsync() => default;

    private async ValueTask<T> DoAsync<T>(string call, Func<IClusterStore, ValueTask<T>> what, bool isStep = true)
    {
        await PassAsync(isStep ? call + " begins" : null);
        var result = await what(store);
        await PassAsync(isStep ? call + " is done" : null);
        return result;
    }

    private async ValueTask DoAsync(string call, Func<IClusterStore, ValueTask> what, bool isStep = true) =>
        await DoAsync(
            call,
            async way =>
            {
                await what(way);
                return true;
            },
            isStep);

    private async ValueTask PassAsync(string? step)
    {
        Check();
        if (step is not null && Passing is { } passing)
        {
            await passing(step);
        }

        await (Stopped ?? Task.CompletedTask);
        Check();
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
            await way.PassAsync("Acquire begins");
            await (way.Acquiring?.Invoke() ?? Task.CompletedTask);
            return await state.AcquireAsync(scope, cancellationToken);
        }

        public async ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
        {
            await way.PassAsync(null);
            return await state.ReadAsync(scope, cancellationToken);
        }

        public async ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
        {
            await way.PassAsync("Commit begins");
            if (way.IsStateCut)
            {
                throw new IOException("No space is left.");
            }

            await state.CommitAsync(scope, token, changes, cancellationToken);
            await way.PassAsync("Commit is done");
        }

        public ValueTask DisposeAsync() => default;
    }
}
