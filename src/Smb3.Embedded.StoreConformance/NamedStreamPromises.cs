using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// The promises of <see cref="IStreamedFile"/> and <see cref="IStoreStream"/>. Derive a class beside that of
/// <see cref="FileStoreConformance"/> for a store with <see cref="StoreAbilities.NamedStreams"/>.
/// </summary>
public abstract class NamedStreamPromises : StorePromises
{
    /// <inheritdoc/>
    protected override StoreAbilities Ability => StoreAbilities.NamedStreams;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_has_data_of_its_own(bool directory)
    {
        await using var file = await Store.CreateAsync("file", new NewFile { IsDirectory = directory });
        await using (var stream = await CreateAsync(file, "One"))
        {
            Assert.Equal(("One", "file"), (stream.StreamName, stream.Path.Text));
            await stream.PutAsync(0, 1, 2, 3);
        }

        await using var again = await OpenAsync(file, "One");
        Assert.Equal([1, 2, 3], await again.GetAsync());
        var (own, whole) = (await again.DescribeAsync(), await file.DescribeAsync());
        Assert.Equal((3L, whole.FileId), (own.Length, own.FileId));
        Assert.Equal(0, whole.Length);
        Assert.Equal(directory, whole.IsDirectory);
    }

    [Fact]
    public async Task Names_are_taken_once_found_in_any_case_and_kept_as_created()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync(file, "Name"));
        await (await CreateAsync(file, "Name")).DisposeAsync();
        Assert.Equal(NtStatus.ObjectNameCollision, (await Streams(file).CreateStreamAsync("Name", CancellationToken.None)).Status);
        var isFound = !Store.Traits.Has(StoreAbilities.CaseSensitive);
        Assert.Equal(isFound ? NtStatus.Success : NtStatus.ObjectNameNotFound, await TryOpenAsync(file, "nAME"));
        Assert.Equal("Name", Assert.Single(await ListAsync(file)).Name);
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("\"*<>?|")]
    [InlineData("ünïcödé-日本語-\U0001F600")]
    [InlineData("\u0001\u001F")]
    [InlineData("half \uD83D")]
    [InlineData("\uF022.")]
    [InlineData("NNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNNN", 6)]
    [InlineData("ÄÖÜ日本ÄÖÜ日本ÄÖÜ日本ÄÖÜ日本ÄÖÜ日本", 10)]
    public async Task Every_legal_name_comes_back(string name, int times = 1)
    {
        name = string.Concat(Enumerable.Repeat(name, times));
        await using var file = await Store.CreateAsync("file");
        await using (var stream = await CreateAsync(file, name))
        {
            await stream.PutAsync(0, 7);
        }

        Assert.Equal(new StoreStreamEntry(name, 1, 0), Assert.Single(await ListAsync(file)) with { AllocationSize = 0 });
        await using (var again = await OpenAsync(file, Store.Traits.Has(StoreAbilities.CaseSensitive) ? name : name.ToUpperInvariant()))
        {
            Assert.Equal([7], await again.GetAsync());
        }

        Assert.Equal(NtStatus.Success, await DeleteAsync(file, name));
        Assert.Empty(await ListAsync(file));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1024)]
    [InlineData(5000)]
    [InlineData(3_000_000)]
    public async Task Data_of_any_length_is_kept_and_listed_exactly(int length)
    {
        await using (var file = await Store.CreateAsync("file"))
        {
            await using var stream = await CreateAsync(file, "data");
            await stream.PutAsync(0, Pattern(length));
        }

        await using var whole = await Store.OpenAsync("file", StoreAccess.Metadata);
        Assert.Equal(length, Assert.Single(await ListAsync(whole)).Length);
        await using var again = await OpenAsync(whole, "data");
        Assert.Equal(Pattern(length), await again.GetAsync(0, length + 1));
        Assert.Equal(length, (await again.DescribeAsync()).Length);
    }

    [Fact]
    public async Task A_stream_grows_has_gaps_and_is_cut_like_a_file()
    {
        await using var file = await Store.CreateAsync("file");
        await using var stream = await CreateAsync(file, "data");
        await using var other = await OpenAsync(file, "data");
        await stream.PutAsync(0, 1, 2, 3);
        await other.PutAsync(10, 4);
        Assert.Equal([1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 4], await stream.GetAsync());
        await other.PutAsync(100_000, 5);
        Assert.Equal(100_001, (await stream.DescribeAsync()).Length);
        Assert.Equal([1, 2, 3, 0], await stream.GetAsync(0, 4));
        Assert.Equal(NtStatus.Success, await stream.SetLengthAsync(2, CancellationToken.None));
        Assert.Equal([1, 2], await other.GetAsync());
        Assert.Equal(NtStatus.Success, await stream.SetLengthAsync(200_000, CancellationToken.None));
        Assert.DoesNotContain((await other.GetAsync())[2..], static value => value != 0);
        Assert.Equal(NtStatus.Success, await stream.FlushAsync(CancellationToken.None));
        Assert.Empty(await stream.GetAsync(200_000, 10));
        Assert.Equal(0, (await file.DescribeAsync()).Length);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task A_stream_that_is_removed_goes_on_for_who_has_it_open(int length)
    {
        await using var file = await Store.CreateAsync("file");
        await using var stream = await CreateAsync(file, "data");
        await stream.PutAsync(0, Pattern(length));
        Assert.Equal(NtStatus.Success, await DeleteAsync(file, "data"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await DeleteAsync(file, "data"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await TryOpenAsync(file, "data"));
        await stream.PutAsync(length, 9);
        Assert.Equal([.. Pattern(length), 9], await stream.GetAsync());
        await using var next = await CreateAsync(file, "data");
        Assert.Empty(await next.GetAsync());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task A_rename_keeps_data_and_handles_and_replaces_only_when_asked(int length)
    {
        await using var file = await Store.CreateAsync("file");
        await using var stream = await CreateAsync(file, "old");
        await stream.PutAsync(0, Pattern(length));
        await (await CreateAsync(file, "taken")).DisposeAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await RenameAsync(file, "none", "other"));
        Assert.Equal(NtStatus.ObjectNameCollision, await RenameAsync(file, "old", "taken"));
        Assert.Equal(NtStatus.Success, await RenameAsync(file, "old", "taken", replace: true));
        Assert.Equal(NtStatus.Success, await RenameAsync(file, "taken", "Taken"));
        Assert.Equal("Taken", Assert.Single(await ListAsync(file)).Name);
        await stream.PutAsync(length, 9);
        await using var again = await OpenAsync(file, "Taken");
        Assert.Equal([.. Pattern(length), 9], await again.GetAsync());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(100_000)]
    public async Task A_stream_can_become_the_data_of_its_file(int length)
    {
        await Store.PutAsync("file");
        await using var file = await Store.OpenAsync("file", StoreAccess.ReadWrite);
        await using var stream = await CreateAsync(file, "data");
        await stream.PutAsync(0, Pattern(length));
        Assert.Equal(NtStatus.Success, await RenameAsync(file, "data", "", replace: true));
        Assert.Empty(await ListAsync(file));
        Assert.Equal(Pattern(length), await file.GetAsync());
        await stream.PutAsync(length, 9);
        Assert.Equal([.. Pattern(length), 9], await Store.GetAsync("file"));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(1024, false)]
    [InlineData(100_000, false)]
    [InlineData(100_000, true)]
    public async Task The_data_of_a_file_can_become_a_stream(int length, bool replace)
    {
        await using var file = await Store.CreateAsync("file");
        if (file is not IUnnamedStreamFile data)
        {
            return; // optional
        }

        await file.PutAsync(0, Pattern(length));
        if (replace)
        {
            await (await CreateAsync(file, "data")).DisposeAsync();
        }

        var id = (await file.DescribeAsync()).FileId;
        var named = await data.RenameUnnamedStreamAsync("data", replace, 2, CancellationToken.None);
        Assert.Equal(NtStatus.Success, named.Status);
        Assert.Equal(2, named.Value.Count);
        await using (var one = named.Value[0])
        {
            await using var two = named.Value[1];
            Assert.Equal(Pattern(length), await one.GetAsync());
            Assert.Equal(length, (await one.DescribeAsync()).Length);
            Assert.Equal(0, (await file.DescribeAsync()).Length);
            Assert.Equal(id, (await one.DescribeAsync()).FileId);
            await two.PutAsync(length, 9);
            await file.PutAsync(0, 5);
            Assert.Equal([.. Pattern(length), 9], await one.GetAsync());
        }

        var listed = Assert.Single(await ListAsync(file));
        Assert.Equal(("data", length + 1L), (listed.Name, listed.Length));
        Assert.Equal([5], await Store.GetAsync("file"));
        await using var again = await OpenAsync(file, "data");
        Assert.Equal([.. Pattern(length), 9], await again.GetAsync());
        Assert.Equal(NtStatus.Success, await DeleteAsync(file, "data"));
    }

    [Fact]
    public async Task Data_takes_the_name_of_no_other_stream_and_comes_back()
    {
        await using var file = await Store.CreateAsync("file");
        if (file is not IUnnamedStreamFile data)
        {
            return; // optional
        }

        await file.PutAsync(0, Pattern(5000));
        await (await CreateAsync(file, "taken")).DisposeAsync();
        Assert.Equal(NtStatus.ObjectNameCollision, (await data.RenameUnnamedStreamAsync("taken", replace: false, 1, CancellationToken.None)).Status);
        Assert.Equal(Pattern(5000), await file.GetAsync());
        Assert.Equal(0, Assert.Single(await ListAsync(file)).Length);
        Assert.Empty((await data.RenameUnnamedStreamAsync("data", replace: false, 0, CancellationToken.None)).Value);
        Assert.Equal(NtStatus.Success, await RenameAsync(file, "data", "", replace: true));
        Assert.Equal(Pattern(5000), await file.GetAsync());
        await using var directory = await Store.CreateAsync("dir", new NewFile { IsDirectory = true });
        var refused = await ((IUnnamedStreamFile)directory).RenameUnnamedStreamAsync("data", replace: true, 0, CancellationToken.None);
        Assert.Equal(NtStatus.InvalidParameter, refused.Status);
    }

    [Fact]
    public async Task The_data_of_a_directory_is_no_place_for_a_stream()
    {
        await using var directory = await Store.CreateAsync("dir", new NewFile { IsDirectory = true });
        await (await CreateAsync(directory, "data")).DisposeAsync();
        Assert.Equal(NtStatus.InvalidParameter, await RenameAsync(directory, "data", "", replace: true));
    }

    [Fact]
    public async Task Streams_move_with_their_file_and_go_with_it()
    {
        await using (var file = await Store.CreateAsync("file"))
        {
            await using var small = await CreateAsync(file, "small");
            await small.PutAsync(0, 1);
            await using var large = await CreateAsync(file, "large");
            await large.PutAsync(0, Pattern(50_000));
            Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "moved"));
            await large.PutAsync(50_000, 9);
        }

        await using (var moved = await Store.OpenAsync("moved", StoreAccess.Metadata))
        {
            await using var large = await OpenAsync(moved, "large");
            Assert.Equal([.. Pattern(50_000), 9], await large.GetAsync());
            Assert.Equal(2, (await ListAsync(moved)).Count);
            Assert.Equal(NtStatus.Success, await Store.DeleteAsync("moved"));
            await large.PutAsync(0, 5);
            Assert.Equal(5, (await large.GetAsync())[0]);
        }

        await using var next = await Store.CreateAsync("moved");
        Assert.Empty(await ListAsync(next));
    }

    [Fact]
    public async Task A_write_to_a_stream_is_a_write_to_its_file()
    {
        await using var file = await Store.CreateAsync("file");
        await using var stream = await CreateAsync(file, "data");
        var old = FileTime.From(new DateTimeOffset(2003, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await file.ChangeAsync(new FileMetadataChange { LastWriteTime = old });
        Assert.Equal(old, (await stream.DescribeAsync()).LastWriteTime);
        await stream.PutAsync(0, 1);
        Assert.True((await file.DescribeAsync()).LastWriteTime.Ticks > old.Ticks);
    }

    [Fact]
    public async Task Many_streams_are_written_side_by_side()
    {
        await using var file = await Store.CreateAsync("file");
        await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(async () =>
        {
            await using var stream = await CreateAsync(file, $"stream {number}");
            for (var at = 0; at < 4000; at += 400)
            {
                await stream.PutAsync(at, [.. Enumerable.Repeat((byte)number, 400)]);
            }
        })));
        Assert.All(await ListAsync(file), static stream => Assert.Equal(4000, stream.Length));
        await using var last = await OpenAsync(file, "stream 15");
        Assert.All(await last.GetAsync(), static value => Assert.Equal(15, value));
    }

#pragma warning restore CS1591

    private static IStreamedFile Streams(IStoreFile file) => Assert.IsAssignableFrom<IStreamedFile>(file);

    private static async Task<IStoreStream> CreateAsync(IStoreFile file, string name)
    {
        var made = await Streams(file).CreateStreamAsync(name, CancellationToken.None);
        Assert.Equal(NtStatus.Success, made.Status);
        return made.Value;
    }

    private static async Task<IStoreStream> OpenAsync(IStoreFile file, string name)
    {
        var opened = await Streams(file).OpenStreamAsync(name, StoreAccess.ReadWrite, CancellationToken.None);
        Assert.Equal(NtStatus.Success, opened.Status);
        return opened.Value;
    }

    private static async Task<NtStatus> TryOpenAsync(IStoreFile file, string name)
    {
        var opened = await Streams(file).OpenStreamAsync(name, StoreAccess.Read, CancellationToken.None);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync();
        }

        return opened.Status;
    }

    private static async Task<IReadOnlyList<StoreStreamEntry>> ListAsync(IStoreFile file)
    {
        var listed = await Streams(file).ListStreamsAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, listed.Status);
        return listed.Value;
    }

    private static Task<NtStatus> RenameAsync(IStoreFile file, string name, string newName, bool replace = false) =>
        Streams(file).RenameStreamAsync(name, newName, replace, CancellationToken.None).AsTask();

    private static Task<NtStatus> DeleteAsync(IStoreFile file, string name) =>
        Streams(file).DeleteStreamAsync(name, CancellationToken.None).AsTask();
}
