using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public class PathLocksTests
{
    private readonly PathLocks _locks = new(StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("a", "a", false)]
    [InlineData("a", "A", false)]
    [InlineData(@"d\a", @"D\A", false)]
    [InlineData("a", "b", true)]
    [InlineData("a", @"a\b", true)]
    [InlineData(@"a\b", "a", true)]
    public async Task Names_wait_for_the_same_name_only(string first, string second, bool free)
    {
        var one = await Name(first);
        var two = Name(second);
        Assert.Equal(free, two.IsCompleted);
        one.Dispose();
        (await two).Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Theory]
    [InlineData("d", "d", false)]
    [InlineData("d", @"D\a", false)]
    [InlineData("d", @"d\e\f\g", false)]
    [InlineData(@"d\e", @"d\E\f", false)]
    [InlineData("d", "da", true)]
    [InlineData("d", @"da\b", true)]
    [InlineData(@"d\e", "d", true)]
    [InlineData(@"d\e", @"d\f", true)]
    [InlineData(@"d\e", "e", true)]
    public async Task A_tree_and_a_name_wait_for_each_other_where_the_name_is_in_the_tree(string tree, string name, bool free)
    {
        var one = await _locks.LockTreeAsync(new StorePath(tree), default);
        var two = Name(name);
        Assert.Equal(free, two.IsCompleted);
        one.Dispose();
        var held = await two;
        var three = _locks.LockTreeAsync(new StorePath(tree), default).AsTask();
        Assert.Equal(free, three.IsCompleted);
        held.Dispose();
        (await three).Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Theory]
    [InlineData(@"a", "b", @"a\c", "d", false)]
    [InlineData(@"a", "b", "c", @"B\d", false)]
    [InlineData(@"a\b", "c", "a", "d", false)]
    [InlineData("a", "b", "b", "a", false)]
    [InlineData(@"x\a", @"x\b", @"x\c", @"x\d", true)]
    [InlineData("a", "b", "ab", "ba", true)]
    public async Task Trees_wait_for_trees_that_lie_in_each_other(string one, string other, string third, string fourth, bool free)
    {
        var first = await _locks.LockTreesAsync(new StorePath(one), new StorePath(other), default);
        var second = _locks.LockTreesAsync(new StorePath(third), new StorePath(fourth), default).AsTask();
        Assert.Equal(free, second.IsCompleted);
        first.Dispose();
        (await second).Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Fact]
    public async Task Case_counts_where_it_counts_for_the_store()
    {
        var locks = new PathLocks(StringComparison.Ordinal);
        var tree = await locks.LockTreeAsync(new StorePath("d"), default);
        (await locks.LockAsync(new StorePath(@"D\a"), default)).Dispose();
        var inTree = locks.LockAsync(new StorePath(@"d\a"), default).AsTask();
        Assert.False(inTree.IsCompleted);
        tree.Dispose();
        (await inTree).Dispose();
    }

    [Fact]
    public async Task A_row_of_creates_does_not_keep_a_rename_waiting_nor_a_row_of_renames_a_create()
    {
        var create = await Name(@"d\a");
        var rename = Tree("d");
        var later = Name(@"d\b");
        var secondRename = Tree("d");
        Assert.False(rename.IsCompleted || later.IsCompleted || secondRename.IsCompleted);
        create.Dispose();
        var renamed = await rename;
        Assert.False(later.IsCompleted || secondRename.IsCompleted);
        renamed.Dispose();
        var created = await later;
        Assert.False(secondRename.IsCompleted);
        created.Dispose();
        (await secondRename).Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Fact]
    public async Task What_gives_up_is_forgotten_at_once_and_lets_those_behind_it_go_on()
    {
        var held = await Name(@"d\a");
        for (var i = 0; i < 1000; i++)
        {
            using var patience = new CancellationTokenSource();
            var tree = _locks.LockTreeAsync(new StorePath("d"), patience.Token).AsTask();
            var name = _locks.LockAsync(new StorePath(@"d\a"), new StorePath(@"d\b"), patience.Token).AsTask();
            var behind = Name(@"d\c");
            Assert.False(behind.IsCompleted);
            await patience.CancelAsync();
            await Assert.ThrowsAsync<TaskCanceledException>(() => tree);
            await Assert.ThrowsAsync<TaskCanceledException>(() => name);
            (await behind).Dispose();
            Assert.Equal(1, _locks.Count);
        }

        held.Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Fact]
    public async Task Two_names_in_opposite_order_do_not_wait_for_each_other()
    {
        var held = await Name("b");
        var one = _locks.LockAsync(new StorePath("a"), new StorePath("b"), default).AsTask();
        var other = _locks.LockAsync(new StorePath("B"), new StorePath("A"), default).AsTask();
        held.Dispose();
        (await one).Dispose();
        (await other).Dispose();
        Assert.Equal(0, _locks.Count);
    }

    [Fact]
    public async Task A_turn_that_nobody_stands_in_the_way_of_costs_no_object()
    {
        var path = new StorePath(@"d\a");
        for (var i = 0; i < 100; i++)
        {
            (await _locks.LockAsync(path, default)).Dispose();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            (await _locks.LockAsync(path, default)).Dispose();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task No_two_that_stand_in_each_others_way_are_in_at_once_and_all_come_in(int seed)
    {
        string[] paths = ["a", "b", @"a\a", @"a\b", @"a\a\a", @"b\a", "A", @"A\B"];
        var sync = new Lock();
        var inside = new List<(string[] Names, bool Trees)>();
        var workers = Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random((seed * 100) + worker);
            for (var step = 0; step < 2000; step++)
            {
                var first = paths[random.Next(paths.Length)];
                var second = random.Next(2) == 0 ? paths[random.Next(paths.Length)] : first;
                var trees = random.Next(3) == 0;
                using var patience = random.Next(4) == 0 ? new CancellationTokenSource(TimeSpan.FromMicroseconds(random.Next(200))) : new();
                try
                {
                    using var turn = trees
                        ? await _locks.LockTreesAsync(new StorePath(first), new StorePath(second), patience.Token)
                        : await _locks.LockAsync(new StorePath(first), new StorePath(second), patience.Token);
                    var claim = (new[] { first, second }, trees);
                    lock (sync)
                    {
                        Assert.DoesNotContain(inside, other => Collide(claim, other));
                        inside.Add(claim);
                    }

                    await Task.Yield();
                    lock (sync)
                    {
                        inside.Remove(claim);
                    }
                }
                catch (OperationCanceledException)
                {
                    // gave up
                }
            }
        }));
        await Task.WhenAll(workers).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(0, _locks.Count);
    }

    private static bool Collide((string[] Names, bool Trees) one, (string[] Names, bool Trees) other) =>
        one.Names.Any(left => other.Names.Any(right =>
            string.Equals(left, right, StringComparison.OrdinalIgnoreCase)
            || (one.Trees && new StorePath(right).IsBelow(new StorePath(left), StringComparison.OrdinalIgnoreCase))
            || (other.Trees && new StorePath(left).IsBelow(new StorePath(right), StringComparison.OrdinalIgnoreCase))));

    private Task<PathLocks.Turn> Name(string path) => _locks.LockAsync(new StorePath(path), default).AsTask();

    private Task<PathLocks.Turn> Tree(string path) => _locks.LockTreeAsync(new StorePath(path), default).AsTask();
}
