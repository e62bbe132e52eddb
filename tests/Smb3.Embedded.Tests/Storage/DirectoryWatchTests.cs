using System.Collections.Concurrent;
using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>What local programs do in a shared folder, as those who watch it hear of it.</summary>
public sealed class DirectoryWatchTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _folder = new();
    private readonly PhysicalFileStore _store;

    public DirectoryWatchTests() => _store = new PhysicalFileStore(_folder.Path);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete();
    }

    [LinuxTheory]
    [InlineData("mkdir -p a/b/c/d && touch a/1 a/b/2 a/b/c/3 a/b/c/d/4", "a a/1 a/b a/b/2 a/b/c a/b/c/3 a/b/c/d a/b/c/d/4")]
    [InlineData("cp -r ../from t", "t t/x t/x/y t/x/y/f t/g")]
    [InlineData("mv ../from t", "t t/x t/x/y t/x/y/f t/g")]
    [InlineData("tar cf - -C .. from | tar xf -", "from from/x from/x/y from/x/y/f from/g")]
    [InlineData("ln -s ../../from link; touch end", "link end")]
    public async Task Directories_that_come_with_what_is_in_them_are_told_to_the_last_file(string command, string expected)
    {
        await ShellAsync(_folder.Path, "mkdir -p top from/x/y && touch from/x/y/f from/g");
        for (var run = 0; run < 3; run++)
        {
            using var heard = Watch("top", tree: true);
            await ShellAsync(Path.Combine(_folder.Path, "top"), command);
            await heard.UntilAsync(() => heard.Lost > 0 || expected.Split(' ').All(name => heard.Has(ChangeAction.Added, "top/" + name)));
            Assert.DoesNotContain(heard.Changes, change => change.Path.Text.StartsWith(@"top\link\", StringComparison.Ordinal));
            Assert.Equal(
                heard.Changes.Where(change => change.Action == ChangeAction.Added).Distinct().Count(),
                heard.Changes.Count(change => change.Action == ChangeAction.Added));
            await ShellAsync(_folder.Path, "rm -rf top/* from && mkdir -p from/x/y && touch from/x/y/f from/g");
        }
    }

    [LinuxFact]
    public async Task Many_directories_made_at_once_lose_nothing_unsaid()
    {
        await ShellAsync(_folder.Path, "mkdir top");
        using var heard = Watch("top", tree: true);
        await ShellAsync(
            Path.Combine(_folder.Path, "top"), "for i in $(seq 60); do mkdir -p t$i/d/e/f && touch t$i/d/e/f/1 t$i/d/e/f/2; done");
        await heard.UntilAsync(() => heard.Lost > 0 || Enumerable.Range(1, 60).All(
            i => heard.Has(ChangeAction.Added, $"top/t{i}/d/e/f/1") && heard.Has(ChangeAction.Added, $"top/t{i}/d/e/f/2")));
    }

    [LinuxFact]
    public async Task A_directory_that_moves_within_the_watched_tree_is_followed()
    {
        await ShellAsync(_folder.Path, "mkdir -p top/a/sub top/b");
        using var heard = Watch("top", tree: true);
        await ShellAsync(_folder.Path, "mv top/a/sub top/b/other && sleep 0.1 && touch top/b/other/file");
        await heard.UntilAsync(() => heard.Has(ChangeAction.Added, "top/b/other/file"));
        Assert.True(heard.Has(ChangeAction.Removed, "top/a/sub"));
        Assert.True(heard.Has(ChangeAction.Added, "top/b/other"));
        await ShellAsync(_folder.Path, "mv top/b/other top/b/again && touch top/b/again/more");
        await heard.UntilAsync(() => heard.Has(ChangeAction.Added, "top/b/again/more"));
        Assert.True(heard.Has(ChangeAction.RenamedOldName, "top/b/other"));
        Assert.True(heard.Has(ChangeAction.RenamedNewName, "top/b/again"));
    }

    [LinuxFact]
    public async Task Nothing_is_told_of_a_directory_that_has_left()
    {
        await ShellAsync(_folder.Path, "mkdir -p share/top/sub out");
        using var store = new PhysicalFileStore(Path.Combine(_folder.Path, "share"));
        using var heard = new Heard(store, "top", tree: true);
        await ShellAsync(_folder.Path, "mv share/top/sub out/sub && sleep 0.2 && touch out/sub/secret share/top/end");
        await heard.UntilAsync(() => heard.Has(ChangeAction.Added, "top/end"));
        Assert.True(heard.Has(ChangeAction.Removed, "top/sub"));
        await ShellAsync(_folder.Path, "mv share/top out/top && touch out/top/secret");
        await heard.UntilAsync(() => heard.Has(ChangeAction.Removed, "top"));
        await ShellAsync(_folder.Path, "touch out/top/secret2 out/sub/secret2; sleep 0.3");
        Assert.DoesNotContain(heard.Changes, change => change.Path.Text.Contains("secret", StringComparison.Ordinal));
    }

    [LinuxTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_of_the_watched_directory_is_told(bool tree)
    {
        await ShellAsync(_folder.Path, "mkdir -p up/top");
        using var heard = Watch("up/top", tree);
        using var handle = await _store.OpenAsync(new StorePath(@"up\top"), StoreAccess.Metadata, default) is { Succeeded: true } opened
            ? new Held(opened.Value)
            : null;
        await ShellAsync(_folder.Path, "rmdir up/top && mkdir up/top && touch up/top/new");
        await heard.UntilAsync(() => heard.Has(ChangeAction.Removed, "up/top"));
        Assert.False(heard.Has(ChangeAction.Added, "up/top/new"));
    }

    [LinuxFact]
    public async Task Hundreds_of_watches_take_one_queue_and_give_everything_back()
    {
        await ShellAsync(_folder.Path, "for i in $(seq 300); do mkdir -p d$i; done");
        var before = Queues();
        var all = Enumerable.Range(1, 300).Select(i => Watch($"d{i}", tree: i % 2 == 0)).ToArray();
        Assert.InRange(Queues() - before, int.MinValue, 20); // other tests have some of .NET
        await ShellAsync(_folder.Path, "for i in $(seq 300); do touch d$i/f; done");
        for (var i = 0; i < all.Length; i++)
        {
            var heard = all[i];
            var name = $"d{i + 1}/f";
            await heard.UntilAsync(() => heard.Has(ChangeAction.Added, name) || heard.Lost > 0);
        }

        foreach (var heard in all)
        {
            heard.Dispose();
        }

        // Nothing is held open in the folder: it could be unmounted. The store holds its root.
        Assert.DoesNotContain(
            Directory.GetFiles("/proc/self/fd").Select(Target),
            target => target.StartsWith(_folder.Path + "/", StringComparison.Ordinal));
    }

    [LinuxFact]
    public async Task Clients_that_watch_the_same_hear_the_same()
    {
        await ShellAsync(_folder.Path, "mkdir -p top/deep");
        var all = Enumerable.Range(0, 50).Select(_ => Watch("top", tree: true)).ToArray();
        all[0].Dispose();
        await ShellAsync(_folder.Path, "touch top/deep/f");
        foreach (var heard in all.Skip(1))
        {
            await heard.UntilAsync(() => heard.Has(ChangeAction.Added, "top/deep/f"));
            heard.Dispose();
        }

        Assert.Empty(all[0].Changes);
    }

    [LinuxFact]
    public async Task The_stores_own_names_and_what_a_link_leads_to_are_not_told()
    {
        await ShellAsync(_folder.Path, "mkdir -p share out; ln -s ../out share/link");
        using var store = new PhysicalFileStore(Path.Combine(_folder.Path, "share"));
        using var heard = new Heard(store, "", tree: true);
        await ShellAsync(_folder.Path, "mkdir share/.smb3-streams && touch share/.smb3-streams/x out/secret && sleep 0.1 && touch share/end");
        await heard.UntilAsync(() => heard.Has(ChangeAction.Added, "end"));
        Assert.All(heard.Changes, change => Assert.Equal("end", change.Path.Text));
    }

    private static int Queues() => Directory.GetFiles("/proc/self/fd").Count(file => Target(file).Contains("inotify", StringComparison.Ordinal));

    private static string Target(string file)
    {
        try
        {
            return File.ResolveLinkTarget(file, returnFinalTarget: false)?.FullName ?? string.Empty;
        }
        catch (IOException)
        {
            return string.Empty;
        }
    }

    private static async Task ShellAsync(string folder, string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-ec", command]) { WorkingDirectory = folder })!;
        await shell.WaitForExitAsync();
        Assert.Equal(0, shell.ExitCode);
    }

    private Heard Watch(string directory, bool tree) => new(_store, directory, tree);

    private sealed class Held(IStoreFile file) : IDisposable
    {
        public void Dispose() => file.DisposeAsync().AsTask().Wait();
    }

    private sealed class Heard : IDisposable
    {
        private readonly ConcurrentQueue<StoreChange> _changes = new();
        private readonly IDisposable _watch;
        private int _lost;

        public Heard(PhysicalFileStore store, string directory, bool tree)
        {
            var watch = store.Watch(new StorePath(directory.Replace('/', '\\')), tree, change =>
            {
                if (change is { } known)
                {
                    _changes.Enqueue(known);
                }
                else
                {
                    Interlocked.Increment(ref _lost);
                }
            });
            Assert.NotNull(watch);
            _watch = watch;
        }

        public IEnumerable<StoreChange> Changes => _changes;

        public int Lost => Volatile.Read(ref _lost);

        public bool Has(ChangeAction action, string path) =>
            _changes.Any(change => change.Action == action && change.Path.Text == path.Replace('/', '\\'));

        public async Task UntilAsync(Func<bool> condition)
        {
            var start = Stopwatch.GetTimestamp();
            while (!condition())
            {
                Assert.True(Stopwatch.GetElapsedTime(start) < Patience, "not told: heard " + string.Join(", ", _changes));
                await Task.Delay(10);
            }
        }

        public void Dispose() => _watch.Dispose();
    }
}
