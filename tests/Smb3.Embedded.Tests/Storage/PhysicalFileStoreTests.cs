using System.Buffers;
using System.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Naming;
using Smb3.Embedded.Storage.Physical.Options;
using Xunit;

namespace Smb3.Embedded.Tests.Storage;

[Collection(MeasuresTheProcess.Name)]
public sealed class PhysicalFileStoreTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _outside = new();
    private readonly string _root;

    public PhysicalFileStoreTests()
    {
        _root = Path.Join(_outside.Path, "share");
        Directory.CreateDirectory(_root);
        File.WriteAllText(Path.Join(_outside.Path, "secret"), "secret");
    }

    public static TheoryData<string> Backends => new() { "Best", "LinuxWalk", "Portable" };

    public void Dispose() => _outside.Delete();

    [Theory]
    [MemberData(nameof(Backends))]
    public async Task Nothing_above_the_root_is_reached_by_dots(string backend)
    {
        using var store = Open(backend);
        Directory.CreateDirectory(Path.Join(_root, "dir"));
        foreach (var path in new[]
        {
            "..", "..\\secret", "dir\\..\\..\\secret", ".", "dir\\.", "../secret", "dir/../../secret", "\uF029\uF029\\secret", ".\uF029\\secret",
            "\uF029\\secret", "..\\share\\dir", "dir\\\uF029\uF029\\\uF029\uF029\\secret", "\0", "dir\0", "\uF080",
        })
        {
            Assert.NotEqual(NtStatus.Success, await TryOpen(store, path));
            Assert.NotEqual(NtStatus.Success, (await store.CreateAsync(new StorePath(path + "x\\..\\..\\made"), default, None)).Status);
            Assert.NotEqual(NtStatus.Success, await store.DeleteAsync(new StorePath(path), None));
        }

        Assert.NotEqual(NtStatus.Success, (await store.CreateAsync(new StorePath("..\\made"), default, None)).Status);
        Assert.NotEqual(NtStatus.Success, await store.RenameAsync(new StorePath("dir"), new StorePath("..\\dir"), true, None));
        Assert.True(File.Exists(Path.Join(_outside.Path, "secret")));
        Assert.Equal(2, Directory.GetFileSystemEntries(_outside.Path).Length);
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public async Task A_symbolic_link_that_leads_out_is_neither_listed_nor_opened(string backend)
    {
        File.CreateSymbolicLink(Path.Join(_root, "absolute"), Path.Join(_outside.Path, "secret"));
        File.CreateSymbolicLink(Path.Join(_root, "relative"), "../secret");
        File.CreateSymbolicLink(Path.Join(_root, "up"), "..");
        File.CreateSymbolicLink(Path.Join(_root, "proc"), "/proc/self/cwd");
        File.CreateSymbolicLink(Path.Join(_root, "dangling"), "nowhere");
        File.WriteAllText(Path.Join(_root, "file"), "inside");
        using var store = Open(backend);
        Assert.Equal("file", Assert.Single(await List(store)).Name);
        foreach (var path in new[] { "absolute", "relative", "up", "up\\secret", "proc", "proc\\secret", "dangling", "ABSOLUTE", "Up\\secret" })
        {
            Assert.NotEqual(NtStatus.Success, await TryOpen(store, path));
            Assert.NotEqual(NtStatus.Success, (await store.CreateAsync(new StorePath(path + "\\new"), default, None)).Status);
        }

        Assert.Equal(NtStatus.ObjectNameCollision, (await store.CreateAsync(new StorePath("dangling"), default, None)).Status);
        Assert.False(File.Exists(Path.Join(_root, "nowhere")));
        Assert.Equal(2, Directory.GetFileSystemEntries(_outside.Path).Length);
    }

    [Fact]
    public async Task A_symbolic_link_that_stays_inside_is_followed()
    {
        Directory.CreateDirectory(Path.Join(_root, "a", "b"));
        File.WriteAllText(Path.Join(_root, "a", "file"), "inside");
        File.CreateSymbolicLink(Path.Join(_root, "a", "b", "link"), "../file");
        File.CreateSymbolicLink(Path.Join(_root, "dir"), "a");
        using var store = Open("Best");
        Assert.Equal("link", Assert.Single(await List(store, "a\\b")).Name);
        Assert.Equal("inside"u8.ToArray(), await Read(store, "dir\\B\\LINK"));
        Assert.Equal(NtStatus.Success, await store.DeleteAsync(new StorePath("dir"), None));
        Assert.True(File.Exists(Path.Join(_root, "a", "file")));
    }

    [Theory]
    [InlineData("Best")]
    [InlineData("LinuxWalk")]
    public async Task A_directory_that_becomes_a_link_at_any_moment_leads_nowhere_out(string backend)
    {
        var inside = Path.Join(_root, "dir");
        var other = Path.Join(_outside.Path, "other");
        Directory.CreateDirectory(inside);
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Join(inside, "file"), "inside");
        File.WriteAllText(Path.Join(other, "file"), "secret");
        File.WriteAllText(Path.Join(other, "victim"), "secret");
        var link = Path.Join(_root, "link");
        File.CreateSymbolicLink(link, other);
        using var store = Open(backend);
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var swapping = Task.Run(
            () =>
            {
                var aside = Path.Join(_root, "aside");
                while (!end.IsCancellationRequested)
                {
                    Directory.Move(inside, aside);
                    Directory.Move(link, inside);
                    Directory.Move(inside, link);
                    Directory.Move(aside, inside);
                }
            },
            None);
        var made = 0;
        while (!end.IsCancellationRequested)
        {
            if ((await store.OpenAsync(new StorePath("dir\\file"), StoreAccess.Read, None)) is { Succeeded: true } opened)
            {
                var buffer = new byte[6];
                await opened.Value.ReadAsync(0, buffer, None);
                await opened.Value.DisposeAsync();
                Assert.Equal("inside"u8.ToArray(), buffer);
            }

            if ((await store.CreateAsync(new StorePath($"dir\\new{made++}"), default, None)) is { Succeeded: true } created)
            {
                await created.Value.DisposeAsync();
            }

            await store.DeleteAsync(new StorePath("dir\\victim"), None);
        }

        await swapping;
        Assert.Equal(["file", "victim"], Directory.GetFiles(other).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public async Task A_fifo_is_neither_listed_nor_opened(string backend)
    {
        using (var made = Process.Start("mkfifo", Path.Join(_root, "fifo")))
        {
            await made.WaitForExitAsync(None);
        }

        using var store = Open(backend);
        Assert.Empty(await List(store));
        foreach (var access in Enum.GetValues<StoreAccess>())
        {
            Assert.Equal(NtStatus.AccessDenied, await TryOpen(store, "fifo", access));
        }
    }

    [Theory]
    [InlineData("NUL")]
    [InlineData("con.txt")]
    [InlineData("COM1 .x")]
    [InlineData("lpt9")]
    [InlineData("dot.")]
    [InlineData("space ")]
    [InlineData("file:stream")]
    [InlineData("C:")]
    public async Task The_portable_store_has_no_name_that_Win32_reads_otherwise(string name)
    {
        using var store = Open("Portable");
        Assert.Equal(NtStatus.ObjectNameInvalid, (await store.CreateAsync(new StorePath(name), default, None)).Status);
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpen(store, name));
    }

    [Theory]
    [InlineData("a:b", "a\uF022b")]
    [InlineData("what?*<>|\"\\", "what\uF025\uF021\uF023\uF024\uF027\uF020\uF026")]
    [InlineData("tab\there", "tab\uF009here")]
    [InlineData("trailing dot.", "trailing dot\uF029")]
    [InlineData("trailing space ", "trailing space\uF028")]
    [InlineData("private \uF022 use", "private \uF0EF\uF080\uF0A2 use")]
    public async Task A_disk_name_that_Windows_cannot_have_is_mapped_and_comes_back(string disk, string wire)
    {
        File.WriteAllText(Path.Join(_root, disk), "x");
        using var store = Open("Best");
        Assert.Equal(wire, Assert.Single(await List(store)).Name);
        Assert.Equal("x"u8.ToArray(), await Read(store, wire));
        await using (var file = (await store.OpenAsync(new StorePath(wire.ToUpperInvariant()), StoreAccess.Read, None)).Value)
        {
            Assert.Equal(wire, file.Path.Text);
        }

        Assert.Equal(NtStatus.Success, await store.DeleteAsync(new StorePath(wire), None));
        Assert.True((await store.CreateAsync(new StorePath(wire), default, None)).Succeeded);
        Assert.Equal(disk, Path.GetFileName(Assert.Single(Directory.GetFiles(_root))));
    }

    [Fact]
    public void Every_disk_name_has_one_wire_name_and_comes_back()
    {
        var random = new Random(7);
        var buffer = new byte[1024];
        for (var i = 0; i < 20_000; i++)
        {
            var disk = new byte[random.Next(1, 12)];
            for (var j = 0; j < disk.Length; j++)
            {
                disk[j] = random.Next(4) switch
                {
                    0 => (byte)random.Next(1, 256),
                    1 => "\"*:<>?\\| .aZ"u8[random.Next(12)],
                    2 => (byte)random.Next(0x80, 0xC0),
                    _ => new byte[] { 0xEF, 0x80, 0xED, 0xA0, 0xB0, 0xC3, 0xF0, 0x9F }[random.Next(8)],
                };
                if (disk[j] == (byte)'/')
                {
                    disk[j] = (byte)'_';
                }
            }

            if (disk.AsSpan().SequenceEqual("."u8) || disk.AsSpan().SequenceEqual(".."u8))
            {
                continue;
            }

            var wire = DiskNames.Decode(disk);
            Assert.DoesNotContain(wire, static c => c < 0x20 || "\"*/:<>?\\|".Contains(c));
            Assert.True(wire[^1] is not ('.' or ' '));
            Assert.True(DiskNames.TryEncode(wire, buffer, out var written));
            Assert.Equal(disk, buffer[..written]);
        }
    }

    [Fact]
    public void Half_a_surrogate_pair_is_a_name_of_its_own()
    {
        Span<byte> buffer = stackalloc byte[64];
        foreach (var name in new[] { "\uD83D", "a\uDE00b", "\uDE00\uD83D", "\uD83D\uDE00" })
        {
            Assert.True(DiskNames.TryEncode(name, buffer, out var written));
            Assert.Equal(name, DiskNames.Decode(buffer[..written]));
        }
    }

    [Fact]
    public async Task A_name_that_would_come_back_as_another_is_refused()
    {
        using var store = Open("Best");
        foreach (var name in new[] { "a\uF028b", "\uF0C3\uF0A9", "\uF029" })
        {
            Assert.Equal(NtStatus.ObjectNameInvalid, (await store.CreateAsync(new StorePath(name), default, None)).Status);
        }
    }

    [Fact]
    public async Task Attributes_times_and_descriptors_outlive_the_store()
    {
        var change = new FileMetadataChange
        {
            Attributes = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReadOnly,
            CreationTime = new FileTime(125_000_000_000_000_001),
            LastAccessTime = new FileTime(126_000_000_000_000_002),
            LastWriteTime = new FileTime(127_000_000_000_000_003),
            ChangeTime = new FileTime(128_000_000_000_000_004),
        };
        FileMetadata before;
        using (var store = Open("Best"))
        {
            Assert.True(store.Traits.Has(StoreAbilities.DosAttributes | StoreAbilities.SecurityDescriptors));
            await using var file = (await store.CreateAsync(
                new StorePath("file"), new NewFile { SecurityDescriptor = new byte[] { 1, 2, 3 } }, None)).Value;
            Assert.Equal(NtStatus.Success, await file.SetMetadataAsync(change, None));
            before = (await file.GetMetadataAsync(None)).Value;
        }

        using var again = Open("Best");
        await using var same = (await again.OpenAsync(new StorePath("FILE"), StoreAccess.Metadata, None)).Value;
        var after = (await same.GetMetadataAsync(None)).Value;
        Assert.Equal(before, after);
        Assert.Equal(change.Attributes, after.Attributes);
        Assert.Equal(change.CreationTime, after.CreationTime);
        Assert.Equal(change.LastAccessTime, after.LastAccessTime);
        Assert.Equal(change.LastWriteTime, after.LastWriteTime);
        Assert.Equal(change.ChangeTime, after.ChangeTime);
        Assert.Equal(after, Assert.Single(await List(again)).Metadata);
        Assert.Equal([1, 2, 3], (await ((ISecurableFile)same).GetSecurityDescriptorAsync(None)).Value.ToArray());
    }

    [Fact]
    public async Task A_name_that_somebody_else_makes_is_found_in_any_case()
    {
        using var store = Open("Best");
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpen(store, "name"));
        await Task.Delay(50);
        File.WriteAllText(Path.Join(_root, "NaMe"), "x");
        Assert.Equal(NtStatus.Success, await TryOpen(store, "name"));
        File.Delete(Path.Join(_root, "NaMe"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpen(store, "name"));
    }

    [Fact]
    public async Task Reading_and_writing_what_is_cached_completes_at_once_and_allocates_nothing()
    {
        using var store = Open("Best");
        await using var file = (await store.CreateAsync(new StorePath("file"), default, None)).Value;
        var data = new ReadOnlySequence<byte>(new byte[200_000]);
        var buffer = new byte[200_000];
        Round();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++)
        {
            Round();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Round()
        {
            var writing = file.WriteAsync(77, data, None);
            Assert.True(writing.IsCompletedSuccessfully && writing.Result == NtStatus.Success);
            var reading = file.ReadAsync(77, buffer, None);
            Assert.True(reading.IsCompletedSuccessfully && reading.Result.Value == buffer.Length);
        }
    }

    [Fact]
    public void A_folder_that_is_not_there_is_an_error_at_once()
    {
        foreach (var backend in new[] { PhysicalBackend.Best, PhysicalBackend.Portable })
        {
            Assert.Throws<DirectoryNotFoundException>(
                () => new PhysicalFileStore(Path.Join(_root, "none"), new PhysicalFileStoreOptions { Backend = backend }));
        }
    }

    private static async Task<NtStatus> TryOpen(PhysicalFileStore store, string path, StoreAccess access = StoreAccess.Metadata)
    {
        var opened = await store.OpenAsync(new StorePath(path), access, None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }

    private static async Task<byte[]> Read(PhysicalFileStore store, string path)
    {
        var opened = await store.OpenAsync(new StorePath(path), StoreAccess.Read, None);
        Assert.Equal(NtStatus.Success, opened.Status);
        await using var file = opened.Value;
        var buffer = new byte[1000];
        return buffer[..(await file.ReadAsync(0, buffer, None)).Value];
    }

    private static async Task<List<StoreEntry>> List(PhysicalFileStore store, string path = "")
    {
        await using var directory = (await store.OpenAsync(new StorePath(path), StoreAccess.Metadata, None)).Value;
        await using var listing = (await directory.ListAsync(None)).Value;
        var all = new List<StoreEntry>();
        var entries = new StoreEntry[100];
        while ((await listing.ReadAsync(entries, None)).Value is var read and > 0)
        {
            all.AddRange(entries[..read]);
        }

        return all;
    }

    private PhysicalFileStore Open(string backend) =>
        new(_root, new PhysicalFileStoreOptions { Backend = Enum.Parse<PhysicalBackend>(backend) });
}
