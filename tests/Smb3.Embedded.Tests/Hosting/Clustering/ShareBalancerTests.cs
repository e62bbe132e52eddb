using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Hosting.Clustering;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>What a node decides to give away, by a clock in the hand.</summary>
public sealed class ShareBalancerTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly ShareBalancer _balancer;
    private ClusterPicture _picture;
    private long _version;

    public ShareBalancerTests()
    {
        _balancer = new ShareBalancer("a", Lease, _time);
        _picture = new ClusterPicture(_time);
    }

    [Fact]
    public void The_share_that_evens_two_nodes_goes_to_the_one_that_carries_least()
    {
        Show([Node("a", 1000), Node("b", 400), Node("c", 300)]);
        Assert.Equal(("half", "c"), After(_balancer.Calm, ("little", 50), ("half", 340), ("most", 600)));
    }

    [Fact]
    public void Bytes_count_like_opens()
    {
        Show([Node("a", 0, bytes: 200_000_000), Node("b", 0)]);
        Assert.Equal(("s", "b"), AfterLoads(_balancer.Calm, [KeyValuePair.Create("s", new ShareLoad(0, 100_000_000))]));
    }

    [Fact]
    public void Nothing_is_moved_before_it_was_calm_for_a_while()
    {
        Show([Node("a", 1000), Node("b", 0)]);
        Assert.Null(After(_balancer.Calm - TimeSpan.FromSeconds(1), ("s", 500)));
        Assert.Equal(("s", "b"), After(TimeSpan.FromSeconds(1), ("s", 500)));

        // Something was moved, by whomever.
        Show([Node("a", 1000), Node("b", 0)], changed: true);
        Assert.Null(After(_balancer.Calm - TimeSpan.FromSeconds(1), ("s", 500)));
        Assert.Equal(("s", "b"), After(TimeSpan.FromSeconds(1), ("s", 500)));

        // A node comes, and one dies: no version counts its lease.
        Show([Node("a", 1000), Node("b", 0), Node("c", 0)]);
        Assert.Null(After(_balancer.Calm - TimeSpan.FromSeconds(1), ("s", 500)));
        Show([Node("a", 1000), Node("b", 0), Node("c", 0, alive: false)]);
        Assert.Null(After(_balancer.Calm - TimeSpan.FromSeconds(1), ("s", 500)));
        Assert.Equal(("s", "b"), After(TimeSpan.FromSeconds(1), ("s", 500)));
    }

    [Fact]
    public void A_peak_moves_nothing()
    {
        for (var i = 0; i < 20; i++)
        {
            Show([Node("a", 1000), Node("b", 0)]);
            Assert.Null(After(_balancer.Calm / 2, ("s", 500)));
            Show([Node("a", 100), Node("b", 80)]);
            Assert.Null(After(TimeSpan.FromSeconds(5), ("s", 50)));
        }
    }

    [Theory]
    [InlineData(1000, 900)] // near enough
    [InlineData(90, 0)] // not worth it
    [InlineData(500, 1000)] // others have more
    [InlineData(700, 700)]
    public void Nodes_that_carry_about_the_same_keep_what_they_have(long ours, long others)
    {
        Show([Node("a", ours), Node("b", others)]);
        Assert.Null(After(10 * _balancer.Calm, ("s", ours / 2)));
    }

    [Fact]
    public void A_share_stays_where_moving_it_would_only_turn_things_round()
    {
        Show([Node("a", 1000), Node("b", 0)]);
        Assert.Null(After(10 * _balancer.Calm, ("all", 1000), ("idle", 0)));
        Assert.Null(After(10 * _balancer.Calm, ("most", 800), ("idle", 0)));
        Assert.Equal(("rest", "b"), After(TimeSpan.Zero, ("most", 800), ("rest", 200)));
    }

    [Fact]
    public void A_share_that_has_changed_hands_stays_for_long()
    {
        Show([Node("a", 0), Node("b", 1000)], owner: "b");
        Show([Node("a", 1000), Node("b", 0)], changed: true);
        Assert.Null(After(_balancer.Rest - TimeSpan.FromSeconds(1), ("s", 500)));
        Assert.Equal(("s", "b"), After(TimeSpan.FromSeconds(1), ("s", 500)));
    }

    [Fact]
    public void Nothing_is_moved_while_a_node_drains_or_is_of_another_level_or_a_move_is_under_way()
    {
        Show([Node("a", 1000), Node("b", 0), Node("c", 10, draining: true)], owner: "c");
        Assert.Null(After(10 * _balancer.Calm, ("t", 500)));
        Show([Node("a", 1000), Node("b", 0), Node("c", 10, level: 2)], changed: true);
        Assert.Null(After(10 * _balancer.Rest, ("s", 500)));
        Show([Node("a", 1000), Node("b", 0)], changed: true, wanted: "b");
        Assert.Null(After(10 * _balancer.Rest, ("t", 500)));

        // One that has drained is no target, and keeps nobody from anything.
        Show([Node("a", 1000), Node("b", 100), Node("c", 0, draining: true)], changed: true);
        Assert.Equal(("s", "b"), After(_balancer.Rest, ("s", 500)));
    }

    [Fact]
    public void Who_carries_most_comes_first_and_holds_nobody_up_for_long()
    {
        Show([Node("a", 1000), Node("b", 0), Node("c", 1200)]);
        Assert.Null(After(_balancer.Calm + (_balancer.Turn / 2), ("s", 500)));
        Assert.Equal(("s", "b"), After(_balancer.Turn / 2, ("s", 500)));
    }

    private static ClusterNodeState Node(string name, long opens, long bytes = 0, bool alive = true, bool draining = false, int level = 1) => new(
        new ClusterNode { Name = name, MaxLevel = level },
        name[0],
        alive ? TimeSpan.FromDays(1) : TimeSpan.Zero,
        new ClusterLoad(opens, bytes, draining));

    /// <summary>The next reading: the nodes, and an owner of all shares.</summary>
    private void Show(ClusterNodeState[] nodes, bool changed = false, string owner = "a", string? wanted = null)
    {
        var first = _version == 0;
        _version += changed || first ? 1 : 0;
        string[] shares = ["s", "t", "all", "most", "half", "rest", "little", "idle"];
        _picture = _picture.With(
            new ClusterView(
                _version,
                new ClusterSettings(),
                nodes,
                changed || first ? [.. shares.Select(share => new ClusterShareState(share, owner, owner[0], _version, Lease, null, wanted))] : []),
            _time.GetTimestamp());
    }

    private (string Share, string Node)? After(TimeSpan time, params (string Share, long Opens)[] loads) =>
        AfterLoads(time, loads.Select(static one => KeyValuePair.Create(one.Share, new ShareLoad(one.Opens, 0))));

    private (string Share, string Node)? AfterLoads(TimeSpan time, IEnumerable<KeyValuePair<string, ShareLoad>> loads)
    {
        _balancer.Choose(_picture, loads);
        _time.Advance(time);
        return _balancer.Choose(_picture, loads) is { Act: BalanceAct.Move } step ? (step.Share, step.Node) : null;
    }
}
