using System.Diagnostics;
using System.Collections;
using System.Runtime.CompilerServices;
using System.Text;
using Smb3.Embedded.Commands.Info;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Watching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>What one request can cost, by counts: <c>docs/costs.md</c> has the whole of it.</summary>
public class CostTests
{
    [Fact]
    public async Task A_deep_path_is_looked_up_without_copying_it_for_each_name()
    {
        const int Depth = 3000;
        var store = new MemoryFileStore();
        var text = new StringBuilder();
        for (var i = 0; i < Depth; i++)
        {
            text.Append(i == 0 ? "a" : @"\a");
            await (await store.CreateAsync(new StorePath(text.ToString()), new NewFile { IsDirectory = true }, default)).Value.DisposeAsync();
        }

        foreach (var path in new[] { new StorePath(text.ToString()), new StorePath(text.ToString().ToUpperInvariant()) })
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var opened = await store.OpenAsync(path, StoreAccess.Metadata, default);
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20 * text.Length);
            Assert.Equal(text.ToString(), opened.Value.Path.Text);
            await opened.Value.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_change_far_down_looks_at_the_directories_that_are_watched_and_not_at_each_on_the_way()
    {
        var volume = new TestVolume();
        var root = await volume.OpenAsync(string.Empty);
        var comparer = new CountingComparer();
        var watches = new WatchTable(comparer);
        var watch = new DirectoryWatch(root, ChangeFilter.All, tree: true, 1 << 20);
        watches.Add(watch);
        var path = string.Join('\\', Enumerable.Repeat("a", 5000));
        comparer.Count = 0;
        watches.Publish(new FileChange(ChangeAction.Added, new StorePath(path), ChangeFilter.FileName));
        Assert.InRange(comparer.Count, 1, 2);
        Assert.Equal(path, Assert.Single((await watch.NextAsync(1 << 20, default)).Changes).Name);
        watches.Remove(watch);
        Assert.Equal(0, watches.Count);
        await root.CloseAsync();
    }

    [Fact]
    public async Task A_watch_is_found_again_after_its_directory_was_renamed()
    {
        var volume = new TestVolume();
        var directory = await volume.MakeDirectoryAsync("d");
        var waiting = directory.NextChangesAsync(ChangeFilter.All, false, 1000, default);
        Assert.Equal(NtStatus.Success, await directory.RenameAsync("e", false, false, null, default));
        await volume.MakeAsync(@"e\f");
        Assert.Equal("f", Assert.Single((await waiting).Changes).Name);
        await directory.CloseAsync();
        Assert.Equal(0, volume.Volume.Watches.Count);
    }

    [Fact]
    public void Each_entry_of_a_list_is_looked_up_among_the_groups_and_not_compared_with_all()
    {
        var groups = Enumerable.Range(0, 1000).Select(static i => TokenGroup.Enabled(new Sid(5, 21, 9, 9, 9, (uint)i)));
        var (caller, inFew) = (TestVolume.NewCaller(1, [.. groups]), TestVolume.NewCaller(1, [.. groups.Take(20)]));
        var descriptor = new SecurityDescriptor
        {
            HasDacl = true,
            Dacl = new Acl([.. Enumerable.Range(0, 1800).Select(static i => Ace.Allow(new Sid(5, 21, 8, 8, 8, (uint)i), FileAccessMask.ReadData))]),
        };
        Assert.Equal(FileAccessMask.None, AccessCheck.Maximum(descriptor, caller));
        Assert.InRange(Quickest(caller) / Quickest(inFew), 0, 10);
        Assert.True(caller.Is(new Sid(5, 21, 9, 9, 9, 999)));
        Assert.False(caller.Is(new Sid(5, 21, 9, 9, 9, 1000)));

        double Quickest(FileCaller who) => Enumerable.Range(0, 20).Min(_ =>
        {
            var started = Stopwatch.GetTimestamp();
            AccessCheck.Maximum(descriptor, who);
            return Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        });
    }

    [Fact]
    public void Names_of_extended_attributes_are_looked_up_and_not_compared_with_all()
    {
        var attributes = new CountingList<ExtendedAttribute>(
            [.. Enumerable.Range(0, 2000).Select(static i => new ExtendedAttribute("A" + i, new byte[] { 1 }))]);
        var chosen = EaQuery.Choose(attributes, [.. Enumerable.Range(0, 4000).Select(static i => "a" + i)]);
        Assert.InRange(attributes.Count, 1, 2 * 2000);
        Assert.Equal(4000, chosen.Count);
        Assert.Equal(2000, chosen.Count(static attribute => attribute.Value.IsEmpty));
    }

    [Theory]
    [InlineData("*x")]
    [InlineData("NAMEAB~1.TXT")]
    public async Task A_listing_ends_when_its_client_has_left(string pattern)
    {
        using var left = new CancellationTokenSource();
        var store = new EndlessStore(after: 10_000, left.Cancel);
        var volume = new Volume(store, new VolumeOptions());
        var parameters = new CreateParameters
        {
            Path = string.Empty, Caller = TestVolume.Alice, DesiredAccess = FileAccessMask.FileGenericRead, ShareAccess = ShareAccess.All,
            Disposition = CreateDisposition.Open,
        };
        var root = (await volume.CreateAsync(parameters, default)).Open!;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            using var listing = (await root.QueryDirectoryAsync(pattern, false, false, null, left.Token)).Value;
            await listing.PeekAsync(left.Token);
        });
        Assert.InRange(store.Listed, 10_000, 10_200);
        await root.CloseAsync();
    }

    [Fact]
    public async Task Many_unlocks_of_one_request_end_at_the_first_that_is_not_there_and_serve_who_waits()
    {
        var volume = new TestVolume();
        var owner = await volume.OpenAsync("f");
        var other = await volume.OpenAsync("f");
        var ranges = Enumerable.Range(0, 100).Select(static i => new ByteRange((ulong)i * 10, 10)).ToArray();
        Assert.Equal(
            NtStatus.Success, await owner.LockAsync(Array.ConvertAll(ranges, static range => new LockRequest(range, true)), true, default));
        var waits = ranges.Select(range => other.LockAsync(new[] { new LockRequest(range, true) }, false, default).AsTask()).ToArray();
        Assert.Equal(NtStatus.RangeNotLocked, owner.Unlock([.. ranges[..50], new ByteRange(5, 5), .. ranges[50..]]));
        Assert.All(waits[50..], static wait => Assert.False(wait.IsCompleted));
        Assert.All(await Task.WhenAll(waits[..50]), static status => Assert.Equal(NtStatus.Success, status));
        Assert.Equal(NtStatus.Success, owner.Unlock(ranges.AsSpan(50)));
        Assert.All(await Task.WhenAll(waits), static status => Assert.Equal(NtStatus.Success, status));
        await owner.CloseAsync();
        await other.CloseAsync();
    }

    [Fact]
    public async Task A_clone_costs_what_there_is_and_not_how_far_it_reaches()
    {
        // 16 TiB with one chunk at each end: 268 million steps, if each place on the way were looked at.
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 1 << 20 });
        await using var source = (await store.CreateAsync(new StorePath("a"), default, default)).Value;
        await using var target = (await store.CreateAsync(new StorePath("b"), default, default)).Value;
        var far = store.Traits.MaxFileLength - 65_536;
        await source.WriteAsync(0, new(new byte[] { 1 }), default);
        await source.WriteAsync(far, new(new byte[] { 2 }), default);
        for (var i = 0; i < 2000; i++)
        {
            Assert.Equal(NtStatus.Success, await ((ICloneTarget)target).CloneFromAsync(source, 0, 0, far + 1, default));
            Assert.Equal(NtStatus.Success, await ((ISparseFile)target).ZeroAsync(1, far - 1, default));
            Assert.Equal(NtStatus.Success, await target.SetLengthAsync(far - i, default));
        }

        var buffer = new byte[1];
        Assert.Equal(1, (await target.ReadAsync(0, buffer, default)).Value);
        Assert.Equal(1, buffer[0]);
    }

    private sealed class EndlessStore(int after, Action told) : ReadOnlyFileStore
    {
        public int Listed { get; private set; }

        protected internal override ValueTask<ReadOnlyEntry?> FindAsync(StorePath path, CancellationToken cancellationToken) =>
            new(path.IsRoot ? ReadOnlyEntry.Directory("") : null);

        protected internal override async IAsyncEnumerable<ReadOnlyEntry> ListAsync(
            StorePath directory, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            while (Listed < 100_000)
            {
                if (++Listed == after)
                {
                    told();
                }

                yield return ReadOnlyEntry.File("file" + Listed, 1, DateTimeOffset.UnixEpoch);
            }
        }

        protected internal override ValueTask<Stream> OpenReadAsync(StorePath path, CancellationToken cancellationToken) => new(Stream.Null);
    }

    private sealed class CountingList<T>(T[] items) : IReadOnlyList<T>
    {
        public int Count { get; set; }

        int IReadOnlyCollection<T>.Count => items.Length;

        public T this[int index]
        {
            get
            {
                Count++;
                return items[index];
            }
        }

        public IEnumerator<T> GetEnumerator()
        {
            foreach (var item in items)
            {
                Count++;
                yield return item;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }

    private sealed class CountingComparer : StringComparer, IAlternateEqualityComparer<ReadOnlySpan<char>, string?>
    {
        public int Count { get; set; }

        public override int Compare(string? x, string? y) => string.CompareOrdinal(x, y);

        public override bool Equals(string? x, string? y) => string.Equals(x, y, StringComparison.Ordinal);

        public override int GetHashCode(string text) => string.GetHashCode(text);

        public string Create(ReadOnlySpan<char> alternate) => alternate.ToString();

        public bool Equals(ReadOnlySpan<char> alternate, string? other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<char> alternate)
        {
            Count++;
            return string.GetHashCode(alternate);
        }
    }
}
