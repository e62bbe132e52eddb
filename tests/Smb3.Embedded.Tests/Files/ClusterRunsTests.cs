using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>Extents of a store as runs of clusters (MS-FSA 2.1.1.5, ExtentList).</summary>
public sealed class ClusterRunsTests
{
    [Fact]
    public void What_is_between_extents_has_no_place() =>
        Assert.Equal([(2, 100L), (4, 102), (6, 50), (9, -1), (10, 200)], Runs(0, (0, 2, 100), (2, 2, 102), (4, 2, 50), (9, 1, 200)));

    [Fact]
    public void The_first_run_begins_where_its_extent_does()
    {
        var runs = new ClusterRuns(512, 3, 10);
        runs.Add(new StoreExtent(512, 4 * 512, 51200), 10);
        Assert.Equal((1, 5L), (runs.First, Assert.Single(runs.Kept.ToArray()).Next));
    }

    [Fact]
    public void Parts_whose_place_is_unknown_have_none() =>
        Assert.Equal([(2, 7L), (6, -1), (7, 9)], Runs(0, (0, 2, 7), (2, 3, -1), (6, 1, 9)));

    [Fact]
    public void Units_smaller_than_a_cluster_give_it_to_the_first()
    {
        var runs = new ClusterRuns(4096, 0, 10);
        runs.Add(new StoreExtent(0, 5120, 40960), 10);
        runs.Add(new StoreExtent(5120, 3072, 409600), 10);
        runs.Add(new StoreExtent(8192, 1024, 819200), 10);
        Assert.Equal([(2, 10L), (3, 200)], runs.Kept.ToArray());
    }

    [Fact]
    public void Nothing_reaches_beyond_the_file() => Assert.Equal([(10, 100L)], Runs(0, (0, 12, 100), (12, 5, 7)));

    [Fact]
    public void Only_as_many_are_kept_as_are_wanted_and_all_are_counted()
    {
        var runs = new ClusterRuns(1, 0, 2);
        for (var i = 0; i < 5; i++)
        {
            runs.Add(new StoreExtent(i, 1, 100 * i), 5);
        }

        Assert.Equal(5, runs.Count);
        Assert.Equal([(1, 0L), (2, 100)], runs.Kept.ToArray());
    }

    private static (long, long)[] Runs(long first, params (long From, long Count, long Place)[] extents)
    {
        var runs = new ClusterRuns(512, first, 10);
        foreach (var (from, count, place) in extents)
        {
            runs.Add(new StoreExtent(from * 512, count * 512, place < 0 ? -1 : place * 512), 10);
        }

        return runs.Kept.ToArray();
    }
}
