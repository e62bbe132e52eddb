using System.Security.Cryptography;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Dfs;

/// <summary>Which link a path leads to, and in which order its targets are named.</summary>
public sealed class NamespaceTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("docs", 4)]
    [InlineData("DOCS", 4)]
    [InlineData(@"docs\a\b", 4)]
    [InlineData("doc", 0)]
    [InlineData("docs2", 0)]
    [InlineData(@"docs2\docs", 0)]
    [InlineData("a", 0)]
    [InlineData(@"a\b", 0)]
    [InlineData(@"a\b\c", 5)]
    [InlineData(@"A\b\C\d", 5)]
    [InlineData(@"a\b\cc", 0)]
    [InlineData(@"a\bc", 4)]
    [InlineData(@"x\docs", 0)]
    [InlineData("éclair\\x", 6)]
    [InlineData("ÉCLAIR", 6)]
    public void A_link_is_found_by_whole_names_in_any_case(string rest, int length)
    {
        var corp = Make("docs", @"a\b\c", @"a\bc", "éclair");
        Assert.True(DfsPath.TryParse(rest.Length == 0 ? @"\s\corp" : @"\s\corp\" + rest, out var path));
        var referral = corp.Refer(path);
        Assert.Equal((length, length == 0), (referral.Length, referral.IsRoot));
        Assert.Equal(length == 0, corp.Covers(new StorePath(rest)));
        if (length > 0)
        {
            Assert.Equal(@"\target\" + rest[..length].ToUpperInvariant(), referral.Targets[0].Path, ignoreCase: true);
        }
        else
        {
            Assert.Equal(@"\s\corp", Assert.Single(referral.Targets).Path);
        }
    }

    [Fact]
    public async Task A_long_path_costs_no_more_than_a_short_one()
    {
        // 16,000 names, none of which is a link: each is looked at as far as the longest link reaches.
        var corp = Make("docs", @"a\b\c");
        Assert.True(DfsPath.TryParse(@"\s\corp" + string.Concat(Enumerable.Repeat(@"\x", 16_000)), out var path));
        await Task.Run(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                Assert.True(corp.Refer(path).IsRoot);
            }
        }).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Many_links_are_made_and_changed_in_time()
    {
        var names = Enumerable.Range(0, 100_000).Select(i => $"link{i}").ToArray();
        await Task.Run(() =>
        {
            var corp = Make(names);
            using var watch = new NamespaceStore(corp).Watch(StorePath.Root, true, _ => Assert.Fail("Nothing has changed."));
            corp.Replace(new DfsContents { Links = [.. names.Select(Link)] }, FileTime.None);
        }).WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Targets_come_by_class_and_rank_and_by_chance_among_equals()
    {
        DfsTarget[] targets =
        [
            Target("low", SmbReferralPriorityClass.GlobalLow, 0), Target("n2", SmbReferralPriorityClass.SiteCostNormal, 2),
            Target("n0a", SmbReferralPriorityClass.SiteCostNormal, 0), Target("n0b", SmbReferralPriorityClass.SiteCostNormal, 0),
            Target("n0c", SmbReferralPriorityClass.SiteCostNormal, 0), Target("high", SmbReferralPriorityClass.GlobalHigh, 31),
            Target("sl", SmbReferralPriorityClass.SiteCostLow, 0), Target("sh", SmbReferralPriorityClass.SiteCostHigh, 9),
        ];
        using var random = RandomNumberGenerator.Create();
        var firsts = new HashSet<string>();
        for (var i = 0; i < 200; i++)
        {
            var order = TargetOrder.Arrange(targets, random);
            Assert.Equal(["high", "sh"], order.Take(2).Select(pair => pair.Target.Path));
            Assert.Equal(["n0a", "n0b", "n0c"], order.Skip(2).Take(3).Select(pair => pair.Target.Path).Order());
            Assert.Equal(["n2", "sl", "low"], order.Skip(5).Select(pair => pair.Target.Path));
            Assert.Equal([true, true, true, false, false, true, true, true], order.Select(pair => pair.StartsSet));
            firsts.Add(order[2].Target.Path);
        }

        Assert.Equal(3, firsts.Count);
    }

    [Fact]
    public async Task The_store_lists_what_is_there_now()
    {
        var corp = Make(@"Team\docs", @"TEAM\plans", "old");
        var store = new NamespaceStore(corp);
        Assert.Equal(["Team", "old/L"], await ListAsync(store, StorePath.Root));
        Assert.Equal(["docs/L", "plans/L"], await ListAsync(store, new StorePath("team")));
        Assert.Equal(NtStatus.ReparsePointEncountered, (await store.OpenAsync(new StorePath(@"old\x"), StoreAccess.Read, default)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await store.OpenAsync(new StorePath(@"team\x"), StoreAccess.Read, default)).Status);
        Assert.Equal(NtStatus.ObjectPathNotFound, (await store.OpenAsync(new StorePath(@"x\y"), StoreAccess.Read, default)).Status);

        corp.Replace(new DfsContents { Links = [Link("new")] }, FileTime.None);
        Assert.Equal(["new/L"], await ListAsync(store, StorePath.Root));
        Assert.Equal(NtStatus.ObjectNameNotFound, (await store.OpenAsync(new StorePath("team"), StoreAccess.Read, default)).Status);
    }

    [Fact]
    public void Who_watches_is_told_what_came_and_went_and_nothing_after_that()
    {
        var corp = Make(@"team\docs", "old");
        var store = new NamespaceStore(corp);
        var (top, all, team) = (new List<string>(), new List<string>(), new List<string>());
        var watches = new[]
        {
            store.Watch(StorePath.Root, false, change => Note(top, change)),
            store.Watch(StorePath.Root, true, change => Note(all, change)),
            store.Watch(new StorePath("team"), false, change => Note(team, change)),
        };
        Assert.Null(store.Watch(new StorePath("old"), true, _ => { }));
        corp.Replace(new DfsContents { Links = [Link(@"team\docs"), Link("new"), Link(@"old\deep")] }, FileTime.None);
        Assert.Equal("-old", top[0]);
        Assert.Equal(["+new", "+old"], top.Skip(1).Order());
        Assert.Equal("-old", all[0]);
        Assert.Equal(["+new", "+old", @"+old\deep"], all.Skip(1).Order());
        Assert.Empty(team);
        foreach (var watch in watches)
        {
            watch!.Dispose();
        }

        corp.Replace(new DfsContents(), FileTime.None);
        Assert.Equal((3, 4, 0), (top.Count, all.Count, team.Count));

        static void Note(List<string> list, StoreChange? change) =>
            list.Add((change!.Value.Action == ChangeAction.Added ? "+" : "-") + change.Value.Path);
    }

    private static async Task<IEnumerable<string>> ListAsync(NamespaceStore store, StorePath path)
    {
        await using var folder = (await store.OpenAsync(path, StoreAccess.Read, default)).Value;
        await using var listing = (await folder.ListAsync(default)).Value;
        var entries = new StoreEntry[10];
        var count = (await listing.ReadAsync(entries, default)).Value;
        return entries.Take(count).Select(entry => entry.Name + (entry.Metadata.ReparseTag == 0x8000000A ? "/L" : string.Empty));
    }

    private static DfsTarget Target(string path, SmbReferralPriorityClass priorityClass, int rank) =>
        new(path) { PriorityClass = priorityClass, PriorityRank = rank };

    private static DfsLink Link(string path) =>
        new(path, new FixedTargets([new DfsTarget(@"\target\" + path)], TimeSpan.FromMinutes(30)));

    private static DfsNamespace Make(params string[] links) =>
        new("corp", new DfsContents { Links = [.. links.Select(Link)] }, new FileTime(1));
}
