using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Hosting.Clustering;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>Twenty nodes that balance five hundred shares, each by what it has read at its own moments, with nobody to lead them.</summary>
public sealed class BalanceSimulationTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Skewed_loads_become_even_and_then_nothing_moves(int seed)
    {
        await using var cluster = await Simulation.BeginAsync(seed, nodes: 20, shares: 500);
        Assert.True(cluster.Gap > 2, $"{cluster.Gap}");
        await cluster.RunAsync(TimeSpan.FromHours(3));
        Assert.True(cluster.Gap <= 0.6, $"{cluster.Gap} after {cluster.Moves.Count}");
        var done = cluster.Moves.Count;
        Assert.InRange(done, 20, 170);
        await cluster.RunAsync(TimeSpan.FromHours(2));
        Assert.Equal(done, cluster.Moves.Count);
        cluster.CheckCalm();
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Loads_that_wander_are_followed_calmly(int seed)
    {
        await using var cluster = await Simulation.BeginAsync(seed, nodes: 20, shares: 500);
        await cluster.RunAsync(TimeSpan.FromHours(3));
        var gaps = new List<double>();
        for (var i = 0; i < 12; i++)
        {
            cluster.Wander();
            await cluster.RunAsync(TimeSpan.FromMinutes(20), noise: 0.3);
            gaps.Add(cluster.Gap);
        }

        Assert.True(gaps.Average() < 1, string.Join(' ', gaps));
        cluster.CheckCalm();
    }

    [Fact]
    public async Task A_node_that_joins_gets_its_part_and_those_of_one_that_has_died_are_spread()
    {
        await using var cluster = await Simulation.BeginAsync(seed: 5, nodes: 19, shares: 500);
        await cluster.RunAsync(TimeSpan.FromHours(3));
        await cluster.AddNodeAsync();
        await cluster.RunAsync(TimeSpan.FromHours(1));
        Assert.True(cluster.Gap <= 0.6, $"{cluster.Gap}");
        cluster.Kill(0);
        await cluster.RunAsync(TimeSpan.FromHours(2));
        Assert.True(cluster.Gap <= 0.6, $"{cluster.Gap}");
        cluster.CheckCalm();
    }

    /// <summary>A move that a balancer has asked for.</summary>
    private sealed record Move(TimeSpan At, string Share, string From, string To);

    private sealed class Simulation : IAsyncDisposable
    {
        private readonly FakeTimeProvider _time = new();
        private readonly Random _random;
        private readonly MemoryClusterStore _store;
        private readonly Dictionary<string, double> _loads = [];
        private readonly List<Node> _nodes = [];
        private readonly long _began;

        private Simulation(int seed, int shares)
        {
            _random = new Random(seed);
            _store = new MemoryClusterStore(_time);
            _began = _time.GetTimestamp();

            // A few carry most of it, most carry little.
            for (var i = 0; i < shares; i++)
            {
                _loads[$"share {i}"] = 2000 / Math.Pow(i + 5, 0.9);
            }
        }

        public List<Move> Moves { get; } = [];

        /// <summary>How far the nodes that carry most and least are apart, of the mean.</summary>
        public double Gap
        {
            get
            {
                var sums = _nodes.Where(static node => !node.IsDead).Select(node => node.Owned.Keys.Sum(share => _loads[share])).ToList();
                return (sums.Max() - sums.Min()) / sums.Average();
            }
        }

        public static async Task<Simulation> BeginAsync(int seed, int nodes, int shares)
        {
            var simulation = new Simulation(seed, shares);
            for (var i = 0; i < nodes; i++)
            {
                await simulation.AddNodeAsync();
            }

            // The first nodes were there first: a quarter of them has nearly everything.
            foreach (var share in simulation._loads.Keys)
            {
                var node = simulation._nodes[simulation._random.Next(simulation._random.Next(10) == 0 ? nodes : nodes / 4)];
                await node.TakeAsync(share);
            }

            return simulation;
        }

        public async Task AddNodeAsync() => _nodes.Add(await Node.JoinAsync(this, $"node {_nodes.Count}"));

        public void Kill(int node) => _nodes[node].IsDead = true;

        /// <summary>What was idle is used, and the other way round, for some of them.</summary>
        public void Wander()
        {
            var names = _loads.Keys.ToArray();
            for (var i = 0; i < names.Length / 50; i++)
            {
                var (one, other) = (names[_random.Next(names.Length)], names[_random.Next(names.Length)]);
                (_loads[one], _loads[other]) = (_loads[other], _loads[one]);
            }
        }

        public async Task RunAsync(TimeSpan time, double noise = 0.05)
        {
            for (var passed = TimeSpan.Zero; passed < time; passed += Step)
            {
                _time.Advance(Step);
                foreach (var node in _nodes.Where(static node => !node.IsDead).OrderBy(_ => _random.Next()).ToList())
                {
                    await node.StepAsync(noise);
                }
            }
        }

        public ValueTask DisposeAsync() => _store.DisposeAsync();

        /// <summary>One at a time in the whole cluster, and none back.</summary>
        public void CheckCalm()
        {
            var balancer = new ShareBalancer("any", Lease, _time);
            for (var i = 1; i < Moves.Count; i++)
            {
                Assert.True(Moves[i].At - Moves[i - 1].At >= balancer.Calm - (2 * Step), $"{Moves[i - 1]} {Moves[i]}");
            }

            foreach (var share in Moves.GroupBy(static move => move.Share))
            {
                var moves = share.ToList();
                for (var i = 1; i < moves.Count; i++)
                {
                    Assert.True(moves[i].At - moves[i - 1].At >= balancer.Rest - (2 * Step), $"{moves[i - 1]} {moves[i]}");
                }
            }
        }

        private sealed class Node(Simulation all, string name, long incarnation)
        {
            private readonly ShareBalancer _balancer = new(name, Lease, all._time);
            private ClusterPicture _picture = new(all._time);
            private int _step = all._random.Next(2);
            private bool _isLate;

            public Dictionary<string, ClusterOwnership> Owned { get; } = [];

            public bool IsDead { get; set; }

            public static async Task<Node> JoinAsync(Simulation all, string name)
            {
                var member = await all._store.JoinAsync(new ClusterNode { Name = name }, Lease, CancellationToken.None);
                return new Node(all, name, member.Incarnation);
            }

            public async Task TakeAsync(params string[] shares)
            {
                foreach (var taken in await all._store.TakeAsync(incarnation, shares, CancellationToken.None))
                {
                    Owned[taken.Share] = taken;
                }
            }

            /// <summary>Now and then it renews its lease and reads the cluster, as a node does, and does what is to be done.</summary>
            public async Task StepAsync(double noise)
            {
                var loads = Owned.Keys.ToDictionary(
                    static share => share, share => new ShareLoad((long)(all._loads[share] * (1 + (noise * ((2 * all._random.NextDouble()) - 1)))), 0));
                if (_step++ % 2 == 0)
                {
                    await all._store.RenewAsync(incarnation, new ClusterLoad(loads.Values.Sum(static load => load.Opens), 0), CancellationToken.None);
                }

                if (!_isLate && all._random.Next(3) == 0)
                {
                    _isLate = true;
                    return; // it has not been told yet
                }

                _isLate = false;

                var readAt = all._time.GetTimestamp();
                var before = (_picture.Version, _picture.Takers.Count());
                _picture = _picture.With(await all._store.ReadAsync(_picture.Version, CancellationToken.None), readAt);
                foreach (var share in before == (_picture.Version, _picture.Takers.Count()) ? [] : _picture.Shares.ToList())
                {
                    if (share.Incarnation == incarnation && share.Wanted is { } wanted && Owned.Remove(share.Share, out var ownership))
                    {
                        await all._store.ReleaseAsync(ownership, wanted, CancellationToken.None);
                    }
                    else if (share.Successor == name || (share.Remaining == TimeSpan.Zero && share.Successor is null) || !_picture.IsAlive(share.Owner))
                    {
                        if (share.Successor == name || RendezvousHash.Choose(share.Share, _picture.Takers) == name)
                        {
                            await TakeAsync(share.Share);
                        }
                    }
                }

                if (_balancer.Choose(_picture, loads) is { } move
                    && await all._store.RequestMoveAsync(move.Share, move.Node, _picture.Version, CancellationToken.None))
                {
                    all.Moves.Add(new Move(all._time.GetElapsedTime(all._began), move.Share, name, move.Node));
                }
            }
        }
    }
}
