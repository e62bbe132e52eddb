using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.Files.Watching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files.Parts;

/// <summary>Volumes that have a part of a store each, and what is at the seam between them.</summary>
public sealed class PartStoreTests : IDisposable
{
    private const string Folder = "A folder that is a part";

    private readonly TemporaryFolder _temporary = new();

    void IDisposable.Dispose() => _temporary.Delete();

    [Theory]
    [InlineData(Folder)]
    [InlineData("ABOVE\\" + Folder)]
    public async Task Two_volumes_share_a_store_without_meeting(string folder)
    {
        var store = new MemoryFileStore();
        var all = new TestVolume(store, new VolumeOptions());
        if (folder != Folder)
        {
            await all.MakeAsync("above", directory: true);
        }

        await all.MakeAsync(folder, directory: true);
        await all.MakeAsync(folder + "\\file");
        await all.MakeAsync(folder + "x");
        var whole = Of(store, string.Empty, folder.ToUpperInvariant());
        var part = Of(store, folder.ToLowerInvariant());
        Assert.Equal(NtStatus.Success, await whole.StatusAsync(folder + "x"));
        foreach (var path in new[] { folder, folder + "\\file", folder + "\\new", folder + "\\new\\deep" })
        {
            foreach (var disposition in new[] { CreateDisposition.Open, CreateDisposition.OpenIf, CreateDisposition.Create, CreateDisposition.OverwriteIf })
            {
                Assert.Equal(NtStatus.IoReparseTagNotHandled, await whole.StatusAsync(path, disposition));
                Assert.Equal(NtStatus.IoReparseTagNotHandled, await whole.StatusAsync(path.Replace(Folder, "AFOLDE~1"), disposition));
            }
        }

        var file = await part.OpenAsync("FILE", CreateDisposition.Open);
        Assert.Equal("file", file.Path.Text);
        await part.MakeAsync("d", directory: true);
        Assert.Equal(NtStatus.Success, await file.RenameAsync(@"d\moved", replace: false, posix: false, null, CancellationToken.None));
        Assert.Equal(@"d\moved", file.Path.Text);
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, await all.StatusAsync(folder + @"\d\moved"));
        var root = await part.OpenAsync(string.Empty, CreateDisposition.Open);
        Assert.True(root.Path.IsRoot);
        Assert.Equal(NtStatus.CannotDelete, await TestVolume.DeleteAsync(root));
        Assert.Equal(NtStatus.InvalidParameter, await root.RenameAsync("other", replace: false, posix: false, null, CancellationToken.None));
        await root.CloseAsync();
    }

    [Fact]
    public async Task What_is_deleted_or_flushed_in_a_part_is_so_in_the_store()
    {
        var store = new MemoryFileStore();
        var all = new TestVolume(store, new VolumeOptions());
        await all.MakeAsync(Folder, directory: true);
        var part = Of(store, Folder, writesThrough: true);
        var file = await part.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(file, 0, 1, 2));
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, await all.StatusAsync(Folder + "\\file"));
        file = await part.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(file));
        await file.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await all.StatusAsync(Folder + "\\file"));
        part.AssertEmpty();
    }

    [Fact]
    public async Task Changes_from_outside_are_told_by_who_has_the_part()
    {
        var store = new Told(new MemoryFileStore());
        var all = new TestVolume(store, new VolumeOptions());
        await all.MakeAsync(Folder, directory: true);
        var heard = new List<string>();
        foreach (var (root, parts) in new[] { (string.Empty, new[] { Folder }), (Folder, []) })
        {
            var source = Assert.IsAssignableFrom<IChangeSource>(
                PartStore.Of(store, new Territory(new StorePath(root), [.. parts.Select(static part => new StorePath(part))])));
            Assert.NotNull(source.Watch(StorePath.Root, true, change => heard.Add(change is { } one ? $"{root}>{one.Path.Text}" : "lost")));
        }

        Assert.Equal(["", Folder], store.Watched);
        store.Tell(0, Folder + "x", Folder, Folder.ToUpperInvariant() + "\\a");
        store.Tell(1, Folder + "\\a", Folder);
        store.Tell(0, (string?)null);
        Assert.Equal([$">{Folder}x", $"{Folder}>a", $"{Folder}>", "lost"], heard);
        Assert.False(PartStore.Of(new MemoryFileStore(), new Territory(StorePath.Root, [new StorePath("a")])) is IChangeSource);
    }

    [Fact]
    public async Task Snapshots_are_whole_in_the_whole_and_the_folder_in_the_part()
    {
        var time = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var store = new MemoryFileStore(new MemoryFileStoreOptions { Time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(time) });
        var all = new TestVolume(store, new VolumeOptions());
        await all.MakeAsync(Folder, directory: true);
        await all.MakeAsync(Folder + "\\file");
        await all.MakeAsync("top");
        store.TakeSnapshot();
        var (whole, part) = (Of(store, string.Empty, Folder), Of(store, Folder));
        const string Then = "@GMT-2030.01.01-00.00.00\\";
        const FileAccessMask Read = FileAccessMask.ReadData;
        Assert.Equal(NtStatus.Success, await whole.StatusAsync(Then + Folder + "\\file", access: Read));
        Assert.Equal(NtStatus.Success, await part.StatusAsync(Then + "file", access: Read));
        Assert.Equal(NtStatus.ObjectNameNotFound, await part.StatusAsync(Then + "top", access: Read));
        var open = await part.OpenAsync(Then + "file", CreateDisposition.Open, Read);
        Assert.Equal("file", open.Path.Text);
        await open.CloseAsync();
    }

    [LinuxFact]
    public async Task A_symbolic_link_leads_into_no_part_and_out_of_none()
    {
        var root = _temporary.Path;
        Directory.CreateDirectory(Path.Join(root, "part", "inner"));
        Directory.CreateDirectory(Path.Join(root, "other"));
        File.WriteAllText(Path.Join(root, "part", "file"), "1");
        File.WriteAllText(Path.Join(root, "other", "file"), "2");
        File.CreateSymbolicLink(Path.Join(root, "in"), "part");
        File.CreateSymbolicLink(Path.Join(root, "file"), "part/file");
        File.CreateSymbolicLink(Path.Join(root, "fine"), "other");
        File.CreateSymbolicLink(Path.Join(root, "part", "out"), "../other");
        File.CreateSymbolicLink(Path.Join(root, "part", "here"), "inner");
        using var store = new PhysicalFileStore(root);
        var (whole, part) = (Of(store, string.Empty, "part"), Of(store, "part"));
        foreach (var (volume, way) in new[] { (whole, "in"), (part, "out") })
        {
            Assert.Equal(NtStatus.AccessDenied, await volume.StatusAsync(way));
            Assert.Equal(NtStatus.AccessDenied, await volume.StatusAsync(way + "\\file"));
            Assert.Equal(NtStatus.AccessDenied, await volume.StatusAsync(way + "\\new", CreateDisposition.Create));
            var moved = await volume.OpenAsync("moved");
            var status = await moved.RenameAsync(way + "\\moved", replace: false, posix: false, null, CancellationToken.None);
            Assert.True(status is NtStatus.NotSameDevice or NtStatus.AccessDenied, status.ToString());
            await moved.CloseAsync();
        }

        Assert.Equal(NtStatus.AccessDenied, await whole.StatusAsync("file"));
        Assert.Equal(NtStatus.Success, await whole.StatusAsync(@"fine\file"));
        Assert.Equal(NtStatus.Success, await whole.StatusAsync(@"fine\new", CreateDisposition.Create));
        Assert.Equal(NtStatus.Success, await part.StatusAsync(@"here\new", CreateDisposition.Create));
        Assert.Equal(["file", "here", "inner", "moved", "out"], Directory.EnumerateFileSystemEntries(Path.Join(root, "part")).Select(Path.GetFileName).Order());
        Assert.Equal(["file", "new"], Directory.EnumerateFileSystemEntries(Path.Join(root, "other")).Select(Path.GetFileName).Order());
    }

    [LinuxFact]
    public async Task Large_streams_of_a_part_are_where_the_whole_finds_them()
    {
        Directory.CreateDirectory(Path.Join(_temporary.Path, "part"));
        using var store = new PhysicalFileStore(_temporary.Path);
        if (!store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return; // this file system has no attributes
        }

        var large = new byte[1 << 20];
        large[^1] = 9;
        var part = Of(store, "part");
        var stream = await part.OpenAsync("file:large");
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(stream, 0, large));
        await stream.CloseAsync();
        Assert.NotEqual(NtStatus.Success, await part.StatusAsync(".smb3-streams"));
        using var again = new PhysicalFileStore(_temporary.Path);
        var whole = new TestVolume(again, new VolumeOptions());
        var open = await whole.OpenAsync(@"part\file:large", CreateDisposition.Open);
        var data = new byte[1];
        Assert.Equal(1, (await open.ReadAsync(large.Length - 1, data, 0, CancellationToken.None)).Value);
        Assert.Equal(9, data[0]);
        await open.CloseAsync();
    }

    [Theory]
    [InlineData(@"one\two", "one\\two", 7)]
    [InlineData(@"ONE\Two\three", "one\\two", 7)]
    [InlineData(@"one\tw", null, 0)]
    [InlineData(@"one\twox", null, 0)]
    [InlineData("one", null, 0)]
    [InlineData("", null, 0)]
    [InlineData(@"long~", null, 0)]
    [InlineData(@"\\~", null, 0)]
    public void A_seam_is_found_by_whole_names(string path, string? seam, int length)
    {
        var territory = new Territory(StorePath.Root, [new StorePath(@"one\two"), new StorePath(Folder)]);
        Assert.Equal(seam is not null, territory.TryFindSeam(path, out var found, out var at));
        Assert.Equal((seam, length), (found, at));
        var shortName = ShortNames.Hashed(Folder).ToLowerInvariant();
        Assert.True(territory.TryFindSeam(shortName + "\\x", out found, out at));
        Assert.Equal((Folder, shortName.Length), (found, at));
        Assert.False(territory.TryFindSeam(shortName + "x", out _, out _));
    }

    private static TestVolume Of(IFileStore store, string root, string? part = null, bool writesThrough = false) => new(
        PartStore.Of(store, new Territory(new StorePath(root), part is null ? [] : [new StorePath(part)])),
        new VolumeOptions { WritesThrough = writesThrough });

    /// <summary>A store that tells what the test says.</summary>
    private sealed class Told(IFileStore inner) : IFileStore, IChangeSource
    {
        private readonly List<Action<StoreChange?>> _listeners = [];

        public List<string> Watched { get; } = [];

        public StoreTraits Traits => inner.Traits;

        public void Tell(int listener, params string?[] paths)
        {
            foreach (var path in paths)
            {
                _listeners[listener](path is null ? null : new StoreChange(ChangeAction.Modified, new StorePath(path), ChangeFilter.Size));
            }
        }

        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed)
        {
            Watched.Add(directory.Text);
            _listeners.Add(changed);
            return new MemoryStream();
        }

        public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
            inner.OpenAsync(path, access, cancellationToken);

        public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
            inner.CreateAsync(path, parameters, cancellationToken);

        public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
            inner.RenameAsync(from, to, replace, cancellationToken);

        public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
            inner.LinkAsync(existing, link, replace, cancellationToken);

        public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => inner.DeleteAsync(path, cancellationToken);

        public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => inner.GetVolumeAsync(cancellationToken);
    }
}
