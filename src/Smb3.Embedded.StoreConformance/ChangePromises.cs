using System.Collections.Concurrent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IChangeSource"/>. Derive a class beside that of <see cref="FileStoreConformance"/> for a store that can tell
/// of changes made behind the server's back; the class makes such changes.
/// </summary>
public abstract class ChangePromises : StorePromises
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.None;

    private IChangeSource Source => Assert.IsAssignableFrom<IChangeSource>(Store);

    /// <summary>Makes or overwrites a file, not through the store.</summary>
    protected abstract ValueTask WriteOutsideAsync(StorePath path, byte[] data);

    /// <summary>Deletes a file, not through the store.</summary>
    protected abstract ValueTask DeleteOutsideAsync(StorePath path);

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public async Task It_tells_of_files_that_come_change_and_go()
    {
        var file = new StorePath("file");
        var told = new ConcurrentQueue<StoreChange?>();
        using var watch = Source.Watch(StorePath.Root, tree: false, told.Enqueue);
        Assert.NotNull(watch);
        await WriteOutsideAsync(file, [1]);
        await HearsAsync(told, change => change.Action == ChangeAction.Added && change.Path == file);
        await WriteOutsideAsync(file, [1, 2]);
        await HearsAsync(told, change => change.Action == ChangeAction.Modified && change.Path == file);
        await DeleteOutsideAsync(file);
        await HearsAsync(told, change => change.Action == ChangeAction.Removed && change.Path == file);
        Assert.All(told, change => Assert.True(change is null or { Filter: not 0 }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_below_counts_where_the_tree_is_watched(bool tree)
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutDirectoryAsync(@"dir\below");
        var told = new ConcurrentQueue<StoreChange?>();
        using var watch = Source.Watch(new StorePath("dir"), tree, told.Enqueue);
        Assert.NotNull(watch);
        await WriteOutsideAsync(new StorePath("beside"), [1]);
        await WriteOutsideAsync(new StorePath(@"dir\below\deep"), [1]);
        await WriteOutsideAsync(new StorePath(@"dir\here"), [1]);
        await HearsAsync(told, change => change.Path.Text == @"dir\here");
        Assert.Equal(tree, told.Any(change => change?.Path.Text == @"dir\below\deep"));
        Assert.DoesNotContain(told, change => change?.Path.Text == "beside");
    }

    [Fact]
    public async Task A_watch_that_was_ended_tells_no_more()
    {
        var told = new ConcurrentQueue<StoreChange?>();
        Source.Watch(StorePath.Root, tree: true, told.Enqueue)!.Dispose();
        var other = new ConcurrentQueue<StoreChange?>();
        using var watch = Source.Watch(StorePath.Root, tree: true, other.Enqueue);
        Assert.NotNull(watch);
        await WriteOutsideAsync(new StorePath("file"), [1]);
        await HearsAsync(other, change => change.Path.Text == "file");
        Assert.Empty(told);
    }

    private static async Task HearsAsync(ConcurrentQueue<StoreChange?> told, Func<StoreChange, bool> what)
    {
        var end = DateTime.UtcNow + Patience;
        while (!told.Any(change => change is { } known && what(known)))
        {
            Assert.True(DateTime.UtcNow < end, "The store did not tell of the change.");
            await Task.Delay(20);
        }
    }
}
