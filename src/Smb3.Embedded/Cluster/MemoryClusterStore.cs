using Smb3.Embedded.State;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Cluster;

/// <summary>
/// A cluster within one process, for tests and to try things out: every server is given the same object. What is in it goes when it is
/// disposed.
/// </summary>
/// <param name="time">The clock that judges the leases; the system's by default.</param>
public sealed class MemoryClusterStore(TimeProvider? time = null) : IClusterStore
{
    /// <summary>How long a node is told after its lease has run out.</summary>
    private static readonly TimeSpan Remembrance = TimeSpan.FromDays(1);

    private readonly Lock _sync = new();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Dictionary<long, Member> _members = [];
    private readonly Dictionary<string, Share> _shares = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _fenced = new(StringComparer.OrdinalIgnoreCase);
    private ClusterSettings _settings = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 1;
    private long _incarnations;
    private bool _disposed;

    /// <inheritdoc/>
    public IStateStore State { get; } = new MemoryStateStore();

    /// <inheritdoc/>
    public ValueTask<ClusterMember> JoinAsync(ClusterNode node, TimeSpan leaseTime, CancellationToken cancellationToken)
    {
        ClusterLimits.Check(node, leaseTime);
        return Do(() =>
        {
            if (node.MaxLevel < _settings.Level)
            {
                throw new ClusterLevelException(
                    $"Node '{node.Name}' knows functional levels up to {node.MaxLevel}, and the cluster is at {_settings.Level}: "
                    + "give it the version of the others.");
            }

            if (_fenced.Contains(node.Name))
            {
                throw new StateFencedException($"Node '{node.Name}' is shut out of the cluster: an administrator has to let it in again.");
            }

            foreach (var (incarnation, other) in _members)
            {
                if (SameName(other.Node.Name, node.Name))
                {
                    other.IsReplaced = true;
                }
                else if (!IsValid(other) && !_fenced.Contains(other.Node.Name) && _time.GetElapsedTime(other.Until) > Remembrance)
                {
                    _members.Remove(incarnation);
                }
            }

            _members.Add(++_incarnations, new Member(node, leaseTime) { Until = After(leaseTime) });
            Changed();
            return new ClusterMember(_incarnations, leaseTime);
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask RenewAsync(long incarnation, ClusterLoad load, CancellationToken cancellationToken) => _ = await Do(() =>
    {
        var member = Find(incarnation);
        member.Until = After(member.LeaseTime);
        member.Load = load;
        return true;
    }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask LeaveAsync(long incarnation, CancellationToken cancellationToken) => _ = await Do(() =>
    {
        if (_members.TryGetValue(incarnation, out var member) && IsValid(member))
        {
            member.Until = _time.GetTimestamp();
            Changed();
        }

        return true;
    }, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ClusterOwnership>> TakeAsync(
        long incarnation, IReadOnlyCollection<string> shares, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shares);
        foreach (var share in shares)
        {
            ClusterLimits.CheckShare(share);
        }

        return Do<IReadOnlyList<ClusterOwnership>>(() =>
        {
            var taker = Find(incarnation);
            var taken = new List<ClusterOwnership>();
            foreach (var name in shares.Distinct(StringComparer.OrdinalIgnoreCase))
            {
                if (!_shares.TryGetValue(name, out var share))
                {
                    _shares.Add(name, share = new Share(name));
                }

                if (IsFreeFor(share, incarnation, taker))
                {
                    taken.Add(Give(share, incarnation, taker));
                }
            }

            return taken;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask ReleaseAsync(ClusterOwnership ownership, string? successor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ownership);
        _ = await Do(() =>
        {
            if (_shares.TryGetValue(ownership.Share, out var share) && share.Epoch == ownership.Epoch && share.Owner == ownership.Incarnation)
            {
                var heir = successor is null ? null : FindAlive(successor);
                share.Owner = 0;
                share.Wanted = null;
                share.Successor = heir?.Node.Name;
                share.ReservedUntil = After(heir?.LeaseTime ?? TimeSpan.Zero);
                Changed(share);
            }

            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RequestMoveAsync(string share, string? node, long asOf, CancellationToken cancellationToken)
    {
        ClusterLimits.CheckShare(share);
        return Do(() =>
        {
            var target = node is null ? null : FindAlive(node);
            if (_version > asOf || !_shares.TryGetValue(share, out var found) || found.IsRemoved || (node is not null && target is null))
            {
                return false;
            }

            found.Wanted = target is null || _members.GetValueOrDefault(found.Owner) == target ? null : target.Node.Name;
            Changed(found);
            return true;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask AddPartAsync(ClusterOwnership whole, string part, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ClusterLimits.CheckPart(part, folder);
        _ = await Do(() =>
        {
            var share = FindOwned(whole);
            if (_settings.Level < ClusterLimits.PartsLevel)
            {
                throw new ClusterLevelException(
                    $"Shares can be split from functional level {ClusterLimits.PartsLevel} on, and the cluster is at {_settings.Level}.");
            }

            if (!_shares.TryGetValue(part, out var found))
            {
                _shares.Add(part, found = new Share(part) { PartOf = share.Name, Folder = folder });
                Changed(found);
            }
            else if (found.Folder != folder || !SameName(found.PartOf ?? string.Empty, share.Name))
            {
                throw new ArgumentException($"The name '{part}' is, or was, that of another share.", nameof(part));
            }

            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RemovePartAsync(ClusterOwnership whole, ClusterOwnership part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(part);
        _ = await Do(() =>
        {
            var share = FindOwned(whole);
            if (_shares.TryGetValue(part.Share, out var removed) && removed.IsRemoved && SameName(removed.PartOf!, share.Name))
            {
                return true;
            }

            var found = FindOwned(part);
            if (part.Incarnation != whole.Incarnation || found.PartOf is null || !SameName(found.PartOf, share.Name))
            {
                throw new StateFencedException($"'{part.Share}' is no part of '{whole.Share}' that the same node has.");
            }

            found.Owner = 0;
            found.Epoch++;
            found.Folder = null;
            found.Wanted = found.Successor = null;
            found.Records.Clear();
            Changed(found);
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<ClusterView> ReadAsync(long since, CancellationToken cancellationToken) => Do(() => new ClusterView(
        _version,
        _settings,
        [.. _members.Where(member => !member.Value.IsReplaced || IsValid(member.Value))
            .OrderBy(static member => member.Value.Node.Name, StringComparer.OrdinalIgnoreCase).ThenBy(static member => member.Key)
            .Select(member => new ClusterNodeState(
                member.Value.Node, member.Key, RemainingOf(member.Value), member.Value.Load, member.Value.IsReplaced)
            {
                IsFenced = _fenced.Contains(member.Value.Node.Name),
            })],
        [.. _shares.Values.Where(share => share.Version > since).OrderBy(static share => share.Name, StringComparer.OrdinalIgnoreCase)
            .Select(Describe)]), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask WaitAsync(long since, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task changed;
        lock (_sync)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            changed = _version > since ? Task.CompletedTask : _changed.Task;
        }

        try
        {
            await changed.WaitAsync(atMost, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Nothing has changed.
        }
    }

    /// <inheritdoc/>
    public async ValueTask ConfigureAsync(ClusterSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _ = await Do(() =>
        {
            if (settings.Level < _settings.Level)
            {
                throw new ClusterLevelException($"The functional level is {_settings.Level}, and never goes down.");
            }

            if (_members.Values.FirstOrDefault(member => IsValid(member) && member.Node.MaxLevel < settings.Level) is { } old)
            {
                throw new ClusterLevelException(
                    $"Node '{old.Node.Name}' knows functional levels up to {old.Node.MaxLevel}: give it a newer version before the cluster goes to {settings.Level}.");
            }

            _settings = settings;
            Changed();
            return true;
        }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<bool> FenceAsync(string node, bool isOut, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        return Do(() =>
        {
            var isKnown = _fenced.Contains(node) || _members.Values.Any(member => SameName(member.Node.Name, node));
            if (isKnown && (isOut ? _fenced.Add(node) : _fenced.Remove(node)))
            {
                Changed();
            }

            return isKnown;
        }, cancellationToken);
    }

    /// <inheritdoc/>
    public IStateStore OpenState(ClusterOwnership ownership)
    {
        ArgumentNullException.ThrowIfNull(ownership);
        return new OwnedState(this, ownership);
    }

    /// <summary>Forgets everything.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_sync)
        {
            _disposed = true;
            _changed.TrySetResult();
        }

        await State.DisposeAsync().ConfigureAwait(false);
    }

    private static bool SameName(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    private long After(TimeSpan span) => _time.Later(_time.GetTimestamp(), span);

    private TimeSpan RemainingOf(Member member)
    {
        var remaining = _time.GetElapsedTime(_time.GetTimestamp(), member.Until);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    private bool IsValid(Member member) => member.Until > _time.GetTimestamp();

    /// <summary>Whether it is more than the owner of what it has: it can renew its lease, and take.</summary>
    private bool MayAct(Member member) => !member.IsReplaced && IsValid(member) && !_fenced.Contains(member.Node.Name);

    private Member? FindAlive(string name) => _members.Values.FirstOrDefault(member => MayAct(member) && SameName(member.Node.Name, name));

    private Member Find(long incarnation) =>
        _members.TryGetValue(incarnation, out var member) && MayAct(member) ? member
            : throw new StateFencedException($"The lease of incarnation {incarnation} is not valid any more.");

    private Share FindOwned(ClusterOwnership ownership) =>
        _shares.TryGetValue(ownership.Share, out var share) && share.Epoch == ownership.Epoch && share.Owner == ownership.Incarnation ? share
            : throw new StateFencedException($"Share '{ownership.Share}' was taken over by another node.");

    private bool IsFreeFor(Share share, long incarnation, Member taker)
    {
        if (share.IsRemoved)
        {
            return false;
        }

        if (share.Owner != 0 && share.Owner != incarnation && _members.TryGetValue(share.Owner, out var owner) && IsValid(owner))
        {
            return false;
        }

        return !IsReserved(share) || SameName(share.Successor!, taker.Node.Name);
    }

    private bool IsReserved(Share share) =>
        share.Successor is { } successor && share.ReservedUntil > _time.GetTimestamp() && FindAlive(successor) is not null;

    private ClusterOwnership Give(Share share, long incarnation, Member taker)
    {
        share.Owner = incarnation;
        share.Epoch++;
        share.Successor = null;
        share.Wanted = share.Wanted is { } wanted && SameName(wanted, taker.Node.Name) ? null : share.Wanted;
        Changed(share);
        return new ClusterOwnership(share.Name, incarnation, share.Epoch);
    }

    private ClusterShareState Describe(Share share)
    {
        var owner = _members.GetValueOrDefault(share.Owner);
        return new ClusterShareState(
            share.Name,
            owner?.Node.Name,
            owner is null ? 0 : share.Owner,
            share.Epoch,
            owner is null ? TimeSpan.Zero : RemainingOf(owner),
            IsReserved(share) ? share.Successor : null,
            share.Wanted) { PartOf = share.PartOf, Folder = share.Folder };
    }

    private void Changed(Share share)
    {
        Changed();
        share.Version = _version;
    }

    private void Changed()
    {
        _version++;
        _changed.TrySetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private ValueTask<T> Do<T>(Func<T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<T>(cancellationToken);
        }

        try
        {
            lock (_sync)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                return new(work());
            }
        }
        catch (Exception e)
        {
            return ValueTask.FromException<T>(e);
        }
    }

    private sealed class Member(ClusterNode node, TimeSpan leaseTime)
    {
        public ClusterNode Node { get; } = node;

        public TimeSpan LeaseTime { get; } = leaseTime;

        /// <summary>When its lease runs out.</summary>
        public long Until { get; set; }

        public bool IsReplaced { get; set; }

        public ClusterLoad Load { get; set; }
    }

    private sealed class Share(string name)
    {
        public string Name { get; } = name;

        /// <summary>The incarnation that owns it; 0: none.</summary>
        public long Owner { get; set; }

        public long Epoch { get; set; }

        public long Version { get; set; }

        public string? Wanted { get; set; }

        public string? Successor { get; set; }

        public long ReservedUntil { get; set; }

        public string? PartOf { get; init; }

        public string? Folder { get; set; }

        public bool IsRemoved => PartOf is not null && Folder is null;

        public Dictionary<(string Scope, string Key), byte[]> Records { get; } = [];
    }

    /// <summary>The state of a share.</summary>
    private sealed class OwnedState(MemoryClusterStore cluster, ClusterOwnership ownership) : IStateStore
    {
        public ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
        {
            StateLimits.Check(scope);
            return cluster.Do(() =>
            {
                Check(ownership.Epoch);
                return ownership.Epoch;
            }, cancellationToken);
        }

        public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
        {
            StateLimits.Check(scope);
            return cluster.Do<IReadOnlyList<StateRecord>>(
                () => cluster._shares.TryGetValue(ownership.Share, out var share)
                    ? [.. share.Records.Where(record => record.Key.Scope == scope).Select(static record => new StateRecord(record.Key.Key, record.Value))]
                    : [],
                cancellationToken);
        }

        public async ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
        {
            StateLimits.Check(scope, changes);
            _ = await cluster.Do(() =>
            {
                var share = Check(token);
                for (var i = 0; i < changes.Count; i++)
                {
                    if (changes[i].Value is { } value)
                    {
                        share.Records[(scope, changes[i].Key)] = value.ToArray();
                    }
                    else
                    {
                        share.Records.Remove((scope, changes[i].Key));
                    }
                }

                return true;
            }, cancellationToken).ConfigureAwait(false);
        }

        public ValueTask DisposeAsync() => default;

        private Share Check(long token) =>
            cluster._shares.TryGetValue(ownership.Share, out var share) && share.Epoch == token && token == ownership.Epoch ? share
                : throw new StateFencedException($"Share '{ownership.Share}' was taken over by another node.");
    }
}
