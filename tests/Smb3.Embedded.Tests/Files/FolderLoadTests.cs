using Smb3.Embedded.Files;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>What is open in which folder.</summary>
public sealed class FolderLoadTests
{
    [Theory]
    [InlineData("", null)]
    [InlineData("f", null)] // in the root
    [InlineData(@"a\f", "a")]
    [InlineData(@"a\b\f", @"a\b")]
    [InlineData(@"a\b\c\d\f", @"a\b")]
    public void An_open_counts_for_the_folder_that_it_is_in(string path, string? folder) =>
        Assert.Equal(folder, new FolderLoads(StringComparison.OrdinalIgnoreCase).Enter(new StorePath(path))?.Folder);

    [Fact]
    public void Opens_of_one_folder_are_counted_together_until_they_are_closed()
    {
        var loads = new FolderLoads(StringComparison.OrdinalIgnoreCase);
        var one = loads.Enter(new StorePath(@"a\f"))!;
        var other = loads.Enter(new StorePath(@"A\g"))!;
        Assert.Same(one, other);
        one.Count(3);
        other.Count(4);
        Assert.Equal((2, 7), (one.Opens, one.Bytes));
        loads.Forget(one); // something is open
        Assert.Same(one, loads.Enter(new StorePath(@"a\h")));
        for (var i = 0; i < 3; i++)
        {
            one.Leave();
        }

        loads.Forget(one);
        Assert.Empty(loads.All);
        Assert.NotSame(one, loads.Enter(new StorePath(@"a\f")));
        Assert.False(one.TryEnter());
    }

    [Fact]
    public void There_are_never_more_folders_than_the_limit()
    {
        var loads = new FolderLoads(StringComparison.Ordinal);
        for (var i = 0; i < FolderLoads.MaxFolders; i++)
        {
            loads.Enter(new StorePath($@"{i}\f"))!.Leave();
        }

        Assert.Null(loads.Enter(new StorePath(@"more\f")));
        Assert.NotNull(loads.Enter(new StorePath(@"0\f")));
        loads.Forget(loads.All.First(static load => load.Folder == "1"));
        Assert.NotNull(loads.Enter(new StorePath(@"more\f")));
        Assert.Null(loads.Enter(new StorePath(@"even more\f")));
    }

    [Fact]
    public async Task No_open_is_lost_while_folders_are_forgotten()
    {
        var loads = new FolderLoads(StringComparison.Ordinal);
        var path = new StorePath(@"a\f");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 20_000; i++)
            {
                var load = loads.Enter(path)!;
                Assert.True(load.Opens > 0);
                load.Leave();
                loads.Forget(load);
            }
        })));
        Assert.All(loads.All, static load => Assert.Equal(0, load.Opens));
        foreach (var load in loads.All)
        {
            loads.Forget(load);
        }

        // As many places are free as there are.
        Assert.All(Enumerable.Range(0, FolderLoads.MaxFolders), number => Assert.NotNull(loads.Enter(new StorePath($@"{number}\f"))));
        Assert.Null(loads.Enter(new StorePath(@"more\f")));
    }
}
