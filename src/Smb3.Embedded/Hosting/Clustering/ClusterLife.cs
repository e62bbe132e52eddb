using System.Net;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Hosting.Life;
using Smb3.Embedded.Hosting.Shares;

namespace Smb3.Embedded.Hosting.Clustering;

/// <summary>
/// A server's life as a node: it joins before it listens, follows the cluster while it serves, joins anew when it has lost its lease, and
/// hands over what it has when it stops.
/// </summary>
internal sealed class ClusterLife
{
    private readonly SmbClusterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ServerMetrics _metrics;
    private readonly ShareKeeper _keeper;
    private readonly BriefRefusal _refusal;
    private Running? _running;

    public ClusterLife(SmbClusterOptions options, string node, OwnedShares shares, bool hasWitness, ServerParts parts)
    {
        _options = options;
        var (time, logger) = (parts.Settings.TimeProvider, parts.Logger);
        _time = time;
        _logger = logger;
        _metrics = parts.Metrics;
        Store = options.Store!;
        Node = node;
        Meter = new LoadMeter(() => shares.Volumes, time);
        _keeper = new ShareKeeper(Store, shares, options.FenceStorage, time)
        {
            CountsFolders = options is { Balance: true, BalanceSplits: true },
        };
        _refusal = new BriefRefusal(options.RefusalTime, time, logger);
        _keeper.Stranded.Refusal = _refusal.WaitAsync;
        Splitter = new ShareSplitter(this);
        Outlook = new ClusterOutlook(Store, node, options.DrainTo, time);
        Work = new ShareWork(Store, _keeper, Outlook, _refusal, time, logger, parts.Metrics);
        Placement = new SharePlacement(Store, _keeper, Outlook, Work, time, logger, parts.Metrics)
        {
            Witness = new ClusterWitness(node),
            Rebalancing = options.Balance ? NewRebalancing(parts) : null,
        };
        Shares = new ClusteredShares(shares, Placement, Outlook, () => IsFollowing, time) { HasWitness = hasWitness, Stranded = _keeper.Stranded };
        shares.Follow(name => new SplitShare(name, Outlook, _refusal), Outlook.Pulse);
    }

    public IClusterStore Store { get; }

    /// <summary>The name of this node.</summary>
    public string Node { get; }

    /// <summary>What this node knows of the cluster.</summary>
    public ClusterOutlook Outlook { get; }

    /// <summary>What this node has, and decides.</summary>
    public SharePlacement Placement { get; }

    /// <summary>What is done with its shares.</summary>
    public ShareWork Work { get; }

    /// <summary>Splits shares that are served here, and joins them.</summary>
    public ShareSplitter Splitter { get; }

    /// <summary>What the shares that are served here carry.</summary>
    public LoadMeter Meter { get; }

    /// <summary>What requests are told.</summary>
    public ClusteredShares Shares { get; }

    /// <summary>The membership of this moment; <see langword="null"/>: none.</summary>
    public MemberTerm? Term => Volatile.Read(ref _running)?.Term is { Lease.HasRunOut: false } term ? term : null;

    /// <summary>Whether it hears of changes: as a member, and until it stops.</summary>
    private bool IsFollowing => Volatile.Read(ref _running) is { Term.Lease.HasRunOut: false, Stopping.IsCancellationRequested: false };

    /// <summary>Joins, before the server listens. From here on the lease is kept.</summary>
    /// <param name="addresses">Where clients reach the server.</param>
    /// <param name="cancellationToken">Cancels the start.</param>
    /// <returns>The incarnation.</returns>
    public async Task<long> JoinAsync(IEnumerable<IPAddress> addresses, CancellationToken cancellationToken)
    {
        var node = new ClusterNode
        {
            Name = Node,
            Addresses = [.. addresses.Take(ClusterLimits.MaxAddresses).Select(static address => new IPEndPoint(address, 0))],
            MaxLevel = ClusterLimits.PartsLevel,
        };
        var membership = new Membership(Store, node, _options.LeaseTime, _time, _logger, Load);
        Placement.IsDraining = false;
        var term = await membership.JoinAsync(cancellationToken).ConfigureAwait(false);
        ClusterLog.Joined(_logger, Node, term.Incarnation);
        try
        {
            await Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (_options.MaxDialect is { } dialect && Outlook.Picture.Settings.MaxDialect is null)
            {
                await Store.ConfigureAsync(Outlook.Picture.Settings with { MaxDialect = (int)dialect }, cancellationToken).ConfigureAwait(false);
                await Outlook.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch
        {
            await membership.LeaveAsync(term, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        var running = new Running(membership, term);
        running.Loop = Task.Run(() => RunAsync(running), CancellationToken.None);
        Volatile.Write(ref _running, running);
        return term.Incarnation;
    }

    /// <summary>The server serves: shares may be taken.</summary>
    public void Begin(ServerRun run)
    {
        _refusal.Use(run.Refusals);
        _keeper.Begin(run, _running!.Stopping.Token);
        _running.Serving.TrySetResult();
    }

    /// <summary>
    /// Gives all shares to other nodes, as far as there are any, and takes none from here on. Ends when none is left here, or when it is
    /// cancelled.
    /// </summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _running) is not { } running)
        {
            return;
        }

        Placement.IsDraining = true;
        running.Membership.RenewSoon();
        while (true)
        {
            var changed = Outlook.Changed;
            var left = Placement.Holdings.Where(static holding => holding is not { Phase: HoldingPhase.Away, Work.IsCompleted: true }).ToList();
            if (left.Count == 0 || !left.Exists(holding => Outlook.HeirOf(holding.Share) is not null))
            {
                return;
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes shares again.</summary>
    public void Resume()
    {
        Placement.IsDraining = false;
        Volatile.Read(ref _running)?.Membership.RenewSoon();
    }

    /// <summary>The server stops: nothing more is taken or moved. What it has is still its own.</summary>
    public async Task StopAsync()
    {
        if (Volatile.Read(ref _running) is { } running)
        {
            await running.Stopping.CancelAsync().ConfigureAwait(false);
            running.Serving.TrySetResult();
            await Placement.WhenQuietAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The server has closed all shares: gives them back, and leaves.</summary>
    public async Task EndAsync()
    {
        if (Volatile.Read(ref _running) is not { } running)
        {
            return;
        }

        await running.Stopping.CancelAsync().ConfigureAwait(false);
        running.Serving.TrySetResult();
        await Placement.ForgetAllAsync().ConfigureAwait(false);
        await running.Ending.CancelAsync().ConfigureAwait(false);
        await running.Loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!running.Term.Lease.HasRunOut)
        {
            await running.Membership.LeaveAsync(running.Term, CancellationToken.None).ConfigureAwait(false);
        }

        await running.Term.EndAsync().ConfigureAwait(false);
        Volatile.Write(ref _running, null);
        running.Dispose();
    }

    private async Task RunAsync(Running running)
    {
        while (true)
        {
            var term = running.Term;
            var following = Placement.FollowAsync(term, running.Serving.Task, running.Stopping.Token);
            await running.Membership.KeepAsync(term, running.Ending.Token).ConfigureAwait(false);
            await term.EndAsync().ConfigureAwait(false);
            await Placement.LoseAllAsync(term).ConfigureAwait(false);
            await following.ConfigureAwait(false);
            if (running.Stopping.IsCancellationRequested)
            {
                return;
            }

            // Nothing of what was owned is in use here any more, so that nobody has to wait for the lease to run out.
            await running.Membership.LeaveAsync(term, running.Ending.Token).ConfigureAwait(false);
            running.Term = await running.Membership.RejoinAsync(running.Ending.Token).ConfigureAwait(false);
        }
    }

    /// <summary>The files of a share that is served here.</summary>
    public Files.Volume? VolumeOf(string share) => _keeper.VolumeOf(share);

    /// <inheritdoc cref="ShareKeeper.EndOpensAsync"/>
    public Task EndOpensAsync(string share, Predicate<Files.FileOpen> which, CancellationToken cancellationToken) =>
        _keeper.EndOpensAsync(share, which, cancellationToken);

    private Rebalancing NewRebalancing(ServerParts parts)
    {
        var splits = _options.BalanceSplits;
        var balancer = new ShareBalancer(Node, _options.LeaseTime, _time, splits ? Meter.FoldersOf : null);
        var joiner = splits ? new PartJoiner(Node, balancer.Calm, balancer.Rest, _time) : null;
        return new Rebalancing(Store, Meter, balancer, joiner, Splitter, parts);
    }

    private ClusterLoad Load()
    {
        var load = Meter.Measure();
        _metrics.LoadMeasured(load.Opens, load.BytesPerSecond);
        return load with { IsDraining = Placement.IsDraining };
    }

    /// <summary>One run of the server.</summary>
    private sealed class Running(Membership membership, MemberTerm term) : IDisposable
    {
        private volatile MemberTerm _term = term;

        public Membership Membership { get; } = membership;

        public MemberTerm Term
        {
            get => _term;
            set => _term = value;
        }

        /// <summary>Completed when shares may be taken.</summary>
        public TaskCompletionSource Serving { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Cancelled when no more are taken.</summary>
        public CancellationTokenSource Stopping { get; } = new();

        /// <summary>Cancelled when the lease need not be kept any more.</summary>
        public CancellationTokenSource Ending { get; } = new();

        public Task Loop { get; set; } = Task.CompletedTask;

        public void Dispose()
        {
            Stopping.Dispose();
            Ending.Dispose();
        }
    }
}
