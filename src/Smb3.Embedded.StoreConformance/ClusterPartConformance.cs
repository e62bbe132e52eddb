using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;
using Xunit;
using static Smb3.Embedded.StoreConformance.StateSteps;

namespace Smb3.Embedded.StoreConformance;

/// <summary>What <see cref="IClusterStore"/> promises of shares that are split: a part of <see cref="ClusterStoreConformance"/>.</summary>
public abstract class ClusterPartConformance : ClusterOwnershipConformance
{
#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task A_part_is_a_share_that_says_where_it_belongs()
    {
        var beside = await OpenBesideAsync();
        var (node, whole) = await OwnAsync("Share");
        var version = (await beside.ReadAsync()).Version;
        await Store.AddPartAsync(whole, "Part", "Folder\\Below");
        var view = await beside.ReadAsync(version);
        var part = Assert.Single(view.Shares);
        Assert.Equal(
            ("Part", "Share", "Folder\\Below", null, 0, false), (part.Share, part.PartOf, part.Folder, part.Owner, part.Epoch, part.IsRemoved));
        Assert.True(view.Version > version);
        var share = await beside.LookAtAsync("Share");
        Assert.Equal((null, null, "node", whole.Epoch, false), (share.PartOf, share.Folder, share.Owner, share.Epoch, share.IsRemoved));

        var other = (await beside.JoinAsync(Node("other"), LongLease)).Incarnation;
        var owned = (await beside.TakeOneAsync(other, "part"))!;
        await beside.OpenState(owned).CommitAsync("scope", owned.Epoch, Put("a", 1));
        await beside.ReleaseAsync(owned, "node");
        Assert.True(await Store.RequestMoveAsync("part", "other"));
        Assert.True((await Store.TakeOneAsync(node, "PART"))!.Epoch > owned.Epoch);
        Assert.Equal(("Share", "Folder\\Below"), ((await Store.LookAtAsync("Part")).PartOf, (await Store.LookAtAsync("Part")).Folder));
    }

    [Fact]
    public async Task Only_the_owner_of_a_share_makes_parts_of_it()
    {
        var beside = await OpenBesideAsync();
        var (node, whole) = await OwnAsync("share");
        var other = (await beside.JoinAsync(Node("other"), LongLease)).Incarnation;
        foreach (var wrong in new[]
        {
            whole with { Share = "none" }, whole with { Epoch = whole.Epoch - 1 }, whole with { Epoch = whole.Epoch + 1 }, whole with { Incarnation = other },
        })
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await beside.AddPartAsync(wrong, "part", "folder"));
        }

        var again = (await Store.TakeOneAsync(node, "share"))!;
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.AddPartAsync(whole, "part", "folder"));
        Assert.Equal("share", Assert.Single((await Store.ReadAsync()).Shares).Share);
        await Store.AddPartAsync(again, "part", "folder");
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.AddPartAsync(whole, "part", "folder"));
        await Store.ReleaseAsync(again);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.AddPartAsync(again, "part", "folder"));
    }

    [Fact]
    public async Task A_part_that_is_there_is_left_as_it_is_and_no_other_share_gets_its_name()
    {
        var (node, whole) = await OwnAsync("share");
        var second = (await Store.TakeOneAsync(node, "second"))!;
        await Store.AddPartAsync(whole, "part", "folder");
        var owned = (await Store.TakeOneAsync(node, "part"))!;
        var version = (await Store.ReadAsync()).Version;
        await Store.AddPartAsync(whole, "PART", "folder");
        Assert.Equal(version, (await Store.ReadAsync()).Version);
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AddPartAsync(whole, "part", "Folder"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AddPartAsync(second, "part", "folder"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AddPartAsync(whole, "second", "folder"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AddPartAsync(whole, "share", "folder"));
        Assert.Equal((node, owned.Epoch), ((await Store.LookAtAsync("part")).Incarnation, (await Store.LookAtAsync("part")).Epoch));
    }

    [Fact]
    public async Task Names_and_folders_that_cannot_be_kept_are_refused()
    {
        var (_, whole) = await OwnAsync("share");
        foreach (var (part, folder) in new[]
        {
            (string.Empty, "f"), (new string('p', ClusterLimits.MaxShareLength + 1), "f"), ("p\0", "f"), ("p", string.Empty),
            ("p", new string('f', ClusterLimits.MaxFolderLength + 1)), ("p", "f\0"), ("p", "\uD800"),
        })
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await Store.AddPartAsync(whole, part, folder));
        }

        var longest = string.Concat(Enumerable.Repeat("\u6F22\\", ClusterLimits.MaxFolderLength / 2));
        await Store.AddPartAsync(whole, "p", longest);
        await Store.AddPartAsync(whole, "q", "It's %_ \"\U0001F600\"");
        Assert.Equal(longest, (await Store.LookAtAsync("p")).Folder);
        Assert.Equal("It's %_ \"\U0001F600\"", (await Store.LookAtAsync("q")).Folder);
    }

    [Fact]
    public async Task Parts_wait_until_every_node_knows_them()
    {
        var old = await Store.JoinAsync("old", LongLease);
        var node = (await Store.JoinAsync(Node("node"), LongLease)).Incarnation;
        var whole = (await Store.TakeOneAsync(node, "share"))!;
        await Assert.ThrowsAsync<ClusterLevelException>(async () => await Store.AddPartAsync(whole, "part", "folder"));
        await Assert.ThrowsAsync<ClusterLevelException>(async () => await Store.ConfigureAsync(new ClusterSettings { Level = ClusterLimits.PartsLevel }));
        Assert.Single((await Store.ReadAsync()).Shares);
        await Store.LeaveAsync(old);
        await Store.ConfigureAsync(new ClusterSettings { Level = ClusterLimits.PartsLevel });
        await Store.AddPartAsync(whole, "part", "folder");
        await Assert.ThrowsAsync<ClusterLevelException>(async () => await Store.JoinAsync("old", LongLease));
    }

    [Fact]
    public async Task A_part_that_was_removed_is_never_taken_again()
    {
        var beside = await OpenBesideAsync();
        var (node, whole) = await OwnAsync("share");
        await Store.AddPartAsync(whole, "part", "folder");
        var part = (await Store.TakeOneAsync(node, "part"))!;
        var state = Store.OpenState(part);
        await state.CommitAsync("scope", part.Epoch, Put("a", 1));
        var version = (await beside.ReadAsync()).Version;
        await Store.RemovePartAsync(whole, part);
        var seen = Assert.Single((await beside.ReadAsync(version)).Shares);
        Assert.Equal(("part", "share", null, true, null), (seen.Share, seen.PartOf, seen.Folder, seen.IsRemoved, seen.Owner));
        Assert.True(seen.Epoch > part.Epoch);
        Assert.Empty(await state.TellAsync("scope"));
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.CommitAsync("scope", part.Epoch, Put("a", 2)));
        await Assert.ThrowsAsync<StateFencedException>(async () => await state.AcquireAsync("scope"));

        Assert.Null(await Store.TakeOneAsync(node, "part"));
        Assert.False(await Store.RequestMoveAsync("part", "node"));
        await Store.ReleaseAsync(part);
        await Store.RemovePartAsync(whole, part); // whoever did not hear that it was done
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.AddPartAsync(whole, "part", "folder"));
        await Store.AddPartAsync(whole, "part2", "folder");
        Assert.Equal("folder", (await Store.LookAtAsync("part2")).Folder);
    }

    [Fact]
    public async Task Only_who_owns_both_removes_a_part()
    {
        var beside = await OpenBesideAsync();
        var (node, whole) = await OwnAsync("share");
        var second = (await Store.TakeOneAsync(node, "second"))!;
        await Store.AddPartAsync(whole, "part", "folder");
        var free = new ClusterOwnership("part", node, 0);
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RemovePartAsync(whole, free));
        var other = await beside.JoinAsync(Node("other"), LongLease);
        var there = (await beside.TakeOneAsync(other.Incarnation, "part"))!;
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RemovePartAsync(whole, there));
        await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RemovePartAsync(whole with { Incarnation = other.Incarnation }, there));
        await beside.ReleaseAsync(there);
        var part = (await Store.TakeOneAsync(node, "part"))!;
        foreach (var (wrongWhole, wrongPart) in new[]
        {
            (whole with { Epoch = whole.Epoch - 1 }, part), (whole, part with { Epoch = part.Epoch - 1 }), (second, part), (whole, second), (part, whole),
            (whole, whole), (whole, part with { Share = "none" }),
        })
        {
            await Assert.ThrowsAsync<StateFencedException>(async () => await Store.RemovePartAsync(wrongWhole, wrongPart));
        }

        Assert.Equal(("node", "folder"), ((await Store.LookAtAsync("part")).Owner, (await Store.LookAtAsync("part")).Folder));
        await Store.RemovePartAsync(whole, part);
        Assert.True((await Store.LookAtAsync("part")).IsRemoved);
    }

#pragma warning restore CS1591

    private static ClusterNode Node(string name) => new() { Name = name, MaxLevel = ClusterLimits.PartsLevel };

    /// <summary>A share that a node has, in a cluster that knows parts.</summary>
    private async Task<(long Node, ClusterOwnership Whole)> OwnAsync(string share)
    {
        await Store.ConfigureAsync(new ClusterSettings { Level = ClusterLimits.PartsLevel });
        var node = (await Store.JoinAsync(Node("node"), LongLease)).Incarnation;
        return (node, (await Store.TakeOneAsync(node, share))!);
    }
}
