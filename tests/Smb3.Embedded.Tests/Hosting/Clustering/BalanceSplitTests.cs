using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.Hosting.Clustering;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>Where a node splits a share that is more than its part, and what it joins again, by a clock in the hand.</summary>
public sealed class BalanceSplitTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly Dictionary<string, ShareLoad> _folders = [];
    private readonly ShareBalancer _balancer;
    private ClusterPicture _picture;
    private long _version;

    public BalanceSplitTests()
    {
        _balancer = new ShareBalancer("a", Lease, _time, share => share == "big" ? _folders : new Dictionary<string, ShareLoad>());
        _picture = new ClusterPicture(_time);
    }

    [Fact]
    public void A_share_that_is_a_nodes_whole_load_is_split_at_the_folder_that_evens_two_nodes()
    {
        Carry((@"x", 900), (@"x\y", 500), (@"x\z", 400), ("little", 50));
        Show([Node("a", 1000), Node("b", 0), Node("c", 100)], Share("big"), Share("small"));
        Assert.Null(After(_balancer.Calm - TimeSpan.FromSeconds(1), ("big", 950), ("small", 0)));
        Assert.Equal(new BalanceStep(BalanceAct.Split, "big", "b", @"x\y"), After(TimeSpan.FromSeconds(1), ("big", 950), ("small", 0)));
    }

    [Fact]
    public void Of_folders_that_carry_the_same_the_highest_is_taken()
    {
        Carry(("x", 500), (@"x\y", 500), ("z", 450));
        Show([Node("a", 1000), Node("b", 0)], Share("big"));
        Assert.Equal("x", After(_balancer.Calm, ("big", 1000))?.Folder);
    }

    [Fact]
    public void Bytes_count_like_opens()
    {
        _folders["x"] = new ShareLoad(0, 50_000_000);
        Show([Node("a", 1000), Node("b", 0)], Share("big"));
        Assert.Equal("x", After(_balancer.Calm, ("big", 1000))?.Folder);
    }

    [Fact]
    public void A_share_is_moved_where_that_is_enough()
    {
        Carry(("x", 350), ("y", 350));
        Show([Node("a", 1000), Node("b", 0)], Share("big"), Share("other"));
        Assert.Equal(new BalanceStep(BalanceAct.Move, "other", "b"), After(_balancer.Calm, ("big", 800), ("other", 200)));
    }

    [Fact]
    public void Nothing_is_split_that_would_not_help()
    {
        Show([Node("a", 1000), Node("b", 0)], Share("big"), Share("small"));
        foreach (var folders in new (string, long)[][] { [], [("all", 1000)], [("all", 760), ("little", 240)] })
        {
            Carry(folders);
            Assert.Null(After(10 * _balancer.Calm, ("big", 1000)));
        }

        // What others have is theirs, and a part stays whole.
        Carry(("x", 500));
        Show([Node("a", 1000), Node("b", 0)], Share("big", owner: "b"), Share("small"));
        Assert.Null(After(10 * _balancer.Calm, ("small", 1000)));
        Show([Node("a", 1000), Node("b", 0)], Share("big") with { PartOf = "whole", Folder = "f" }, Share("small"));
        Assert.Null(After(10 * _balancer.Rest, ("big", 1000)));
    }

    [Fact]
    public void After_a_split_the_next_one_has_to_wait_for_long()
    {
        Carry(("x", 500), ("y", 400));
        Show([Node("a", 1000), Node("b", 0)], Share("big"), Part("p", "z"));
        Assert.Null(After(_balancer.Rest - TimeSpan.FromSeconds(1), ("big", 1000)));
        Assert.Equal(BalanceAct.Split, After(TimeSpan.FromSeconds(1), ("big", 1000))?.Act);

        // Also where it did not succeed; and not there again.
        _balancer.Spare("big", "x");
        Assert.Null(After(_balancer.Rest - TimeSpan.FromSeconds(1), ("big", 1000)));
        Assert.Equal("y", After(TimeSpan.FromSeconds(1), ("big", 1000))?.Folder);
    }

    [Fact]
    public void A_share_gets_no_more_parts_than_nodes_can_have_use_of()
    {
        Carry(("x", 500));
        Show([Node("a", 1000), Node("b", 0)], [Share("big"), .. Enumerable.Range(0, 4).Select(static number => Part($"p{number}", $"f{number}"))]);
        Assert.Null(After(2 * _balancer.Rest, ("big", 1000)));
    }

    [Fact]
    public void Nothing_is_split_where_it_may_not_be()
    {
        var balancer = new ShareBalancer("a", Lease, _time);
        Show([Node("a", 1000), Node("b", 0)], Share("big"));
        KeyValuePair<string, ShareLoad>[] loads = [KeyValuePair.Create("big", new ShareLoad(1000, 0))];
        balancer.Choose(_picture, loads);
        _time.Advance(10 * balancer.Rest);
        Assert.Null(balancer.Choose(_picture, loads));
    }

    [Fact]
    public void A_part_that_nobody_uses_goes_to_its_share_and_is_joined_there_if_the_balancer_has_made_it()
    {
        var automatic = PartName.New("big", PartOrigin.Balancer);
        var byHand = PartName.New("big", PartOrigin.Host);
        var joiner = new PartJoiner("a", _balancer.Calm, _balancer.Rest, _time);
        Show([Node("a", 0), Node("b", 0)], Share("big", owner: "b"), Part(automatic, "x"), Part(byHand, "y"));
        Assert.Null(Join(joiner, TimeSpan.Zero, (automatic, 0), (byHand, 0)));
        Assert.Null(Join(joiner, _balancer.Rest - TimeSpan.FromSeconds(1), (automatic, 0), (byHand, 0)));

        // Somebody uses it for a moment.
        Assert.Null(Join(joiner, TimeSpan.FromSeconds(1), (automatic, 1), (byHand, 0)));
        Assert.Null(Join(joiner, TimeSpan.Zero, (automatic, 0), (byHand, 0)));
        Assert.Equal(new BalanceStep(BalanceAct.Move, automatic, "b"), Join(joiner, _balancer.Rest, (automatic, 0), (byHand, 0)));

        Show([Node("a", 0), Node("b", 0)], Share("big"), Part(automatic, "x"), Part(byHand, "y"));
        Assert.Null(Join(joiner, _balancer.Rest - TimeSpan.FromSeconds(1), (automatic, 0), (byHand, 0)));
        Assert.Equal(new BalanceStep(BalanceAct.Join, "big", "a", "x"), Join(joiner, TimeSpan.FromSeconds(1), (automatic, 0), (byHand, 0)));
        Assert.Null(joiner.Choose(_picture, Loads((automatic, 0)), _balancer.Calm - TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public void The_name_of_a_part_says_who_has_made_it_and_is_none_that_is_too_long()
    {
        foreach (var share in new[] { "vms", new string('x', ClusterLimits.MaxShareLength), "a$auto-b" })
        {
            foreach (var origin in Enum.GetValues<PartOrigin>())
            {
                var name = PartName.New(share, origin);
                ClusterLimits.CheckShare(name);
                Assert.Equal(origin, PartName.OriginOf(name));
                Assert.NotEqual(name, PartName.New(share, origin));
            }
        }
    }

    private static ClusterNodeState Node(string name, long opens) =>
        new(new ClusterNode { Name = name }, name[0], TimeSpan.FromDays(100), new ClusterLoad(opens, 0));

    private static ClusterShareState Share(string name, string owner = "a") => new(name, owner, owner[0], 1, TimeSpan.FromDays(100), null, null);

    private static ClusterShareState Part(string name, string folder) => Share(name) with { PartOf = "big", Folder = folder };

    private static Dictionary<string, ShareLoad> Loads(params (string Share, long Opens)[] loads) =>
        loads.ToDictionary(static one => one.Share, static one => new ShareLoad(one.Opens, 0));

    private void Carry(params (string Folder, long Opens)[] folders)
    {
        _folders.Clear();
        foreach (var (folder, opens) in folders)
        {
            _folders.Add(folder, new ShareLoad(opens, 0));
        }
    }

    private void Show(ClusterNodeState[] nodes, params ClusterShareState[] shares) =>
        _picture = _picture.With(new ClusterView(++_version, new ClusterSettings(), nodes, shares), _time.GetTimestamp());

    private BalanceStep? After(TimeSpan time, params (string Share, long Opens)[] loads)
    {
        _balancer.Choose(_picture, Loads(loads));
        _time.Advance(time);
        return _balancer.Choose(_picture, Loads(loads));
    }

    private BalanceStep? Join(PartJoiner joiner, TimeSpan time, params (string Share, long Opens)[] loads)
    {
        _time.Advance(time);
        return joiner.Choose(_picture, Loads(loads), _balancer.Calm);
    }
}
