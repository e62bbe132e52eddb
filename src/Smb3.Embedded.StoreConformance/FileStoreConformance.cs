using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.StoreConformance;

/// <summary>
/// Every promise of <see cref="IFileStore"/> and <see cref="IStoreFile"/> as a test. Derive a class that makes an empty store; each test
/// gets a new one, which is disposed afterwards when it can be.
/// </summary>
public abstract class FileStoreConformance : FileDataConformance
{
    private const FileAttributes Settable =
        FileAttributes.ReadOnly | FileAttributes.Hidden | FileAttributes.System | FileAttributes.Archive;

    /// <summary>
    /// Whether a file keeps its number when it is renamed. Stores that have nothing but names to make numbers of say no, and what clients
    /// remember by number (a file's links in macOS, NFS gateways) is lost with a rename.
    /// </summary>
    protected virtual bool NumbersOutliveRenames => true;

#pragma warning disable CS1591 // the names of the tests say what is promised

    [Fact]
    public void Traits_are_what_clients_can_be_told()
    {
        Assert.False(Store.Traits.Has(StoreAbilities.ReadOnly));
        Assert.InRange(Store.Traits.AllocationUnit, 512, 65536);
        Assert.Equal(0, Store.Traits.AllocationUnit & (Store.Traits.AllocationUnit - 1));
        Assert.InRange(Store.Traits.MaxNameLength, 1, 255);
        Assert.InRange(Store.Traits.MaxFileLength, 1, long.MaxValue);
        Assert.NotEmpty(Store.Traits.FileSystemName);
        Assert.Same(Store.Traits, Store.Traits);
    }

    [Fact]
    public async Task The_root_is_a_directory_and_empty_at_first()
    {
        await using var root = await Store.OpenAsync("", StoreAccess.Metadata);
        Assert.True(root.Path.IsRoot);
        Assert.True((await root.DescribeAsync()).IsDirectory);
        Assert.Empty(await root.ListAsync());
    }

    [Theory]
    [InlineData(StoreAccess.Metadata)]
    [InlineData(StoreAccess.Read)]
    [InlineData(StoreAccess.ReadWrite)]
    public async Task A_directory_opens_with_any_access(StoreAccess access)
    {
        await Store.PutDirectoryAsync("dir");
        await using var directory = await Store.OpenAsync("dir", access);
        Assert.True((await directory.DescribeAsync()).IsDirectory);
        Assert.Empty(await directory.ListAsync());
    }

    [Fact]
    public async Task A_missing_last_name_is_not_found()
    {
        await Store.PutDirectoryAsync("dir");
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("none"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("dir\\none"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.DeleteAsync("none"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.RenameAsync("none", "other"));
    }

    [Fact]
    public async Task A_missing_directory_on_the_way_is_a_path_not_found()
    {
        await Store.PutDirectoryAsync("dir");
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("none\\file"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("dir\\none\\file"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryCreateAsync("none\\file"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryCreateAsync("none\\dir", new NewFile { IsDirectory = true }));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.DeleteAsync("none\\file"));
    }

    [Fact]
    public async Task A_file_on_the_way_is_a_path_not_found()
    {
        await Store.PutAsync("file");
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("file\\below"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryCreateAsync("file\\below"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.RenameAsync("file", "file\\below"));
    }

    [Fact]
    public async Task A_new_file_is_empty_and_can_be_written_and_read_by_its_handle()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.Equal("file", file.Path.Text);
        var metadata = await file.DescribeAsync();
        Assert.False(metadata.IsDirectory);
        Assert.Equal(0, metadata.Length);
        Assert.NotEqual(0UL, metadata.FileId);
        Assert.Equal(1u, metadata.LinkCount);
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal([1, 2, 3], await file.GetAsync());
    }

    [Fact]
    public async Task A_taken_name_is_a_collision()
    {
        await Store.PutAsync("file");
        await Store.PutDirectoryAsync("dir");
        foreach (var name in new[] { "file", "dir" })
        {
            Assert.Equal(NtStatus.ObjectNameCollision, await Store.TryCreateAsync(name));
            Assert.Equal(NtStatus.ObjectNameCollision, await Store.TryCreateAsync(name, new NewFile { IsDirectory = true }));
        }
    }

    [Fact]
    public async Task Names_are_found_in_any_case_and_keep_theirs_or_else_case_tells_files_apart()
    {
        await Store.PutDirectoryAsync("Ordner Ä");
        await Store.PutAsync("Ordner Ä\\File.TXT", 1);
        if (Store.Traits.Has(StoreAbilities.CaseSensitive))
        {
            Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("ORDNER Ä\\File.TXT"));
            Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("Ordner Ä\\file.txt"));
            await Store.PutAsync("Ordner Ä\\file.txt", 2);
            Assert.Equal([1], await Store.GetAsync("Ordner Ä\\File.TXT"));
            Assert.Equal([2], await Store.GetAsync("Ordner Ä\\file.txt"));
            return;
        }

        await using var file = await Store.OpenAsync("oRDNER ä\\fILE.txt");
        Assert.Equal("Ordner Ä\\File.TXT", file.Path.Text);
        Assert.Equal(NtStatus.ObjectNameCollision, await Store.TryCreateAsync("ordner ä\\file.txt"));
        Assert.Equal("File.TXT", Assert.Single(await Store.ListAsync("ORDNER Ä")).Name);
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync("ORDNER Ä\\FILE.txt"));
        Assert.Empty(await Store.ListAsync("Ordner Ä"));
    }

    [Fact]
    public async Task A_directory_found_in_another_case_shows_names_as_created()
    {
        if (Store.Traits.Has(StoreAbilities.CaseSensitive))
        {
            return;
        }

        await Store.PutDirectoryAsync("Dir");
        await using var file = await Store.CreateAsync("dIR\\New");
        Assert.Equal("Dir\\New", file.Path.Text);
    }

    [Theory]
    [InlineData("with space")]
    [InlineData("dots.in.the.name")]
    [InlineData("ünïcödé-日本語-Ω")]
    [InlineData("emoji-\U0001F600")]
    [InlineData("~$lock.docx")]
    [InlineData("-rf")]
    [InlineData("%2e%2e")]
    public async Task A_name_that_SMB_permits_comes_back(string name)
    {
        await Store.PutAsync(name, 7);
        Assert.Equal(name, Assert.Single(await Store.ListAsync()).Name);
        Assert.Equal([7], await Store.GetAsync(name));
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync(name));
    }

    [Fact]
    public async Task Every_file_has_a_number_of_its_own_that_stays()
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutAsync("dir\\a");
        await Store.PutAsync("b");
        ulong[] ids =
        [
            (await Store.DescribeAsync("")).FileId, (await Store.DescribeAsync("dir")).FileId,
            (await Store.DescribeAsync("dir\\a")).FileId, (await Store.DescribeAsync("b")).FileId,
        ];
        Assert.DoesNotContain(0UL, ids);
        Assert.Equal(4, ids.Distinct().Count());
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("b", "dir\\c"));
        if (NumbersOutliveRenames)
        {
            Assert.Equal(ids[3], (await Store.DescribeAsync("dir\\c")).FileId);
        }

        Assert.Equal(ids[2], (await Store.ListAsync("dir")).Single(static entry => entry.Name == "a").Metadata.FileId);
    }

    [Fact]
    public async Task A_listing_has_what_a_handle_knows()
    {
        await Store.PutAsync("file", 1, 2, 3);
        await Store.PutDirectoryAsync("dir");
        foreach (var entry in await Store.ListAsync())
        {
            // Listing a directory may be an access to it.
            var known = await Store.DescribeAsync(entry.Name);
            Assert.Equal(known, entry.Metadata with { LastAccessTime = known.LastAccessTime });
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task A_listing_has_every_entry_once(int batch)
    {
        await Store.PutDirectoryAsync("dir");
        var names = Enumerable.Range(0, 300).Select(static number => $"file {number:D3}.txt").ToArray();
        foreach (var name in names)
        {
            await Store.PutAsync("dir\\" + name);
        }

        Assert.Equal(names, (await Store.ListAsync("dir", batch)).Select(static entry => entry.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_listing_under_way_has_once_what_stays_while_others_come_and_go()
    {
        await Store.PutDirectoryAsync("dir");
        for (var i = 0; i < 400; i++)
        {
            await Store.PutAsync($"dir\\{(i % 2 == 0 ? "stays" : "goes")} {i:D3}");
        }

        await using var directory = await Store.OpenAsync("dir", StoreAccess.Metadata);
        await using var listing = (await directory.ListAsync(CancellationToken.None)).Value;
        var seen = new List<string>();
        var entries = new StoreEntry[16];
        for (var round = 0; (await listing.ReadAsync(entries, CancellationToken.None)).Value is var read and > 0; round++)
        {
            seen.AddRange(entries[..read].Select(static entry => entry.Name));
            for (var i = 1; i < 40; i += 2)
            {
                await Store.DeleteAsync($"dir\\goes {(round * 40) + i:D3}");
            }

            await Store.PutAsync($"dir\\new {round:D3}");
        }

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(200, seen.Count(static name => name.StartsWith("stays", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Listing_a_file_is_refused()
    {
        await using var file = await Store.CreateAsync("file");
        Assert.NotEqual(NtStatus.Success, (await file.ListAsync(CancellationToken.None)).Status);
    }

    [Fact]
    public async Task A_rename_moves_a_file_with_its_data_and_open_handles()
    {
        await Store.PutDirectoryAsync("dir");
        await using var file = await Store.CreateAsync("old");
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("old", "dir\\new"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("old"));
        await file.PutAsync(3, 4);
        Assert.Equal(4, (await file.DescribeAsync()).Length);
        Assert.Equal([1, 2, 3, 4], await Store.GetAsync("dir\\new"));
    }

    [Fact]
    public async Task A_rename_moves_a_directory_with_all_that_is_in_it()
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutDirectoryAsync("dir\\sub");
        await Store.PutAsync("dir\\sub\\file", 5);
        await using var handle = await Store.OpenAsync("dir", StoreAccess.Metadata);
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("dir", "moved"));
        Assert.Equal([5], await Store.GetAsync("moved\\sub\\file"));
        Assert.Equal("sub", Assert.Single(await handle.ListAsync()).Name);
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.TryOpenAsync("dir\\sub"));
    }

    [Fact]
    public async Task A_rename_replaces_a_file_only_when_asked()
    {
        await Store.PutAsync("one", 1);
        await Store.PutAsync("two", 2);
        await using var victim = await Store.OpenAsync("two", StoreAccess.ReadWrite);
        Assert.Equal(NtStatus.ObjectNameCollision, await Store.RenameAsync("one", "two"));
        Assert.Equal([2], await Store.GetAsync("two"));
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("one", "two", replace: true));
        Assert.Equal([1], await Store.GetAsync("two"));
        Assert.Equal([2], await victim.GetAsync());
        Assert.Equal("two", Assert.Single(await Store.ListAsync()).Name);
    }

    [Fact]
    public async Task A_replacing_rename_gives_the_name_as_it_was_asked_for()
    {
        if (Store.Traits.Has(StoreAbilities.CaseSensitive))
        {
            return;
        }

        await Store.PutAsync("one", 1);
        await Store.PutAsync("Two", 2);
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("one", "TWO", replace: true));
        Assert.Equal("TWO", Assert.Single(await Store.ListAsync()).Name);
        Assert.Equal([1], await Store.GetAsync("two"));
    }

    [Fact]
    public async Task A_rename_replaces_no_directory_and_no_directory_replaces()
    {
        await Store.PutAsync("file", 1);
        await Store.PutDirectoryAsync("dir");
        await Store.PutDirectoryAsync("other");
        Assert.Equal(NtStatus.AccessDenied, await Store.RenameAsync("file", "dir", replace: true));
        Assert.Equal(NtStatus.AccessDenied, await Store.RenameAsync("other", "dir", replace: true));
        Assert.Equal(NtStatus.AccessDenied, await Store.RenameAsync("dir", "file", replace: true));
        Assert.Equal(3, (await Store.ListAsync()).Count);
    }

    [Fact]
    public async Task A_rename_can_change_case_only()
    {
        await Store.PutAsync("file", 1);
        await Store.PutDirectoryAsync("dir");
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "FILE"));
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("dir", "Dir"));
        Assert.Equal(["Dir", "FILE"], (await Store.ListAsync()).Select(static entry => entry.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_rename_onto_itself_changes_nothing()
    {
        await Store.PutAsync("file", 1);
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "file"));
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("file", "file", replace: true));
        Assert.Equal([1], await Store.GetAsync("file"));
    }

    [Fact]
    public async Task A_directory_cannot_go_into_itself_nor_the_root_anywhere()
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutDirectoryAsync("dir\\sub");
        Assert.Equal(NtStatus.InvalidParameter, await Store.RenameAsync("dir", "dir\\sub\\dir"));
        Assert.Equal(NtStatus.AccessDenied, await Store.RenameAsync("", "root"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.RenameAsync("dir", "none\\dir"));
    }

    [Fact]
    public async Task A_deleted_file_goes_on_for_who_has_it_open()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, 1, 2, 3);
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync("file"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await Store.TryOpenAsync("file"));
        await file.PutAsync(3, 4);
        Assert.Equal([1, 2, 3, 4], await file.GetAsync());
        Assert.Equal(4, (await file.DescribeAsync()).Length);
        await Store.PutAsync("file", 9);
        Assert.Equal([1, 2, 3, 4], await file.GetAsync());
    }

    [Fact]
    public async Task Only_an_empty_directory_is_deleted_and_never_the_root()
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutAsync("dir\\file");
        Assert.Equal(NtStatus.DirectoryNotEmpty, await Store.DeleteAsync("dir"));
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync("dir\\file"));
        await using var handle = await Store.OpenAsync("dir", StoreAccess.Metadata);
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync("dir"));
        Assert.True((await handle.DescribeAsync()).IsDirectory);
        Assert.Equal(NtStatus.AccessDenied, await Store.DeleteAsync(""));
    }

    [Fact]
    public async Task What_a_deletion_would_say_is_known_before_and_asking_deletes_nothing()
    {
        await Store.PutAsync("file");
        await Store.PutDirectoryAsync("empty");
        await Store.PutDirectoryAsync("full");
        await Store.PutAsync("full\\file");
        foreach (var (path, expected) in new[]
        {
            ("file", NtStatus.Success), ("empty", NtStatus.Success), ("full", NtStatus.DirectoryNotEmpty), ("full\\file", NtStatus.Success),
            ("none", NtStatus.ObjectNameNotFound), ("none\\file", NtStatus.ObjectPathNotFound), ("", NtStatus.AccessDenied),
        })
        {
            Assert.Equal(expected, await Store.CanDeleteAsync(StoreSteps.At(path), CancellationToken.None));
            Assert.Equal(expected, await Store.CanDeleteAsync(StoreSteps.At(path), CancellationToken.None));
        }

        foreach (var path in new[] { "file", "full\\file", "full", "empty" })
        {
            Assert.Equal(NtStatus.Success, await Store.CanDeleteAsync(StoreSteps.At(path), CancellationToken.None));
            Assert.Equal(NtStatus.Success, await Store.DeleteAsync(path));
        }
    }

    [Fact]
    public async Task Attributes_are_kept_where_the_store_says_so()
    {
        await using var file = await Store.CreateAsync("file", new NewFile { Attributes = FileAttributes.Hidden | FileAttributes.Archive });
        await using var directory = await Store.CreateAsync("dir", new NewFile { IsDirectory = true, Attributes = FileAttributes.Hidden });
        Assert.True((await directory.DescribeAsync()).IsDirectory);
        Assert.False((await file.DescribeAsync()).IsDirectory);
        Assert.Equal(
            NtStatus.Success,
            await file.ChangeAsync(new FileMetadataChange { Attributes = FileAttributes.System | FileAttributes.Directory }));
        Assert.False((await file.DescribeAsync()).IsDirectory);
        if (!Store.Traits.Has(StoreAbilities.DosAttributes))
        {
            return;
        }

        Assert.Equal(FileAttributes.Hidden, (await directory.DescribeAsync()).Attributes & Settable);
        Assert.Equal(FileAttributes.System, (await file.DescribeAsync()).Attributes & Settable);
        Assert.Equal(NtStatus.Success, await file.ChangeAsync(new FileMetadataChange { Attributes = 0 }));
        Assert.Equal((FileAttributes)0, (await Store.DescribeAsync("file")).Attributes & Settable);
        Assert.Equal(NtStatus.Success, await directory.ChangeAsync(new FileMetadataChange { Attributes = FileAttributes.ReadOnly }));
        Assert.True((await directory.DescribeAsync()).IsDirectory);
        Assert.Equal(
            FileAttributes.ReadOnly,
            (await Store.ListAsync()).Single(static entry => entry.Name == "dir").Metadata.Attributes & Settable);
    }

    [Fact]
    public async Task A_file_made_without_attributes_has_none_where_they_are_kept()
    {
        if (!Store.Traits.Has(StoreAbilities.DosAttributes))
        {
            return;
        }

        await Store.PutAsync("file");
        Assert.Equal((FileAttributes)0, (await Store.DescribeAsync("file")).Attributes & Settable);
    }

    [Fact]
    public async Task Times_are_kept_as_they_are_set()
    {
        var created = FileTime.From(new DateTimeOffset(2001, 2, 3, 4, 5, 6, 789, TimeSpan.Zero).AddTicks(1234));
        var accessed = FileTime.From(new DateTimeOffset(2011, 2, 3, 4, 5, 6, 789, TimeSpan.Zero).AddTicks(2345));
        var written = FileTime.From(new DateTimeOffset(2021, 2, 3, 4, 5, 6, 789, TimeSpan.Zero).AddTicks(3456));
        await Store.PutDirectoryAsync("dir");
        await Store.PutAsync("file", 1);
        foreach (var name in new[] { "dir", "file" })
        {
            await using var handle = await Store.OpenAsync(name, StoreAccess.Metadata);
            Assert.Equal(
                NtStatus.Success,
                await handle.ChangeAsync(
                    new FileMetadataChange { CreationTime = created, LastAccessTime = accessed, LastWriteTime = written }));
            var metadata = await handle.DescribeAsync();
            Assert.Equal(accessed, metadata.LastAccessTime);
            Assert.Equal(written, metadata.LastWriteTime);
            if (Store.Traits.Has(StoreAbilities.DosAttributes))
            {
                Assert.Equal(created, metadata.CreationTime);
            }
        }
    }

    [Fact]
    public async Task What_is_not_in_a_change_stays()
    {
        await using var file = await Store.CreateAsync("file");
        await file.PutAsync(0, 1);
        var before = await file.DescribeAsync();
        Assert.Equal(NtStatus.Success, await file.ChangeAsync(default));
        Assert.Equal(before, await file.DescribeAsync());
        var written = FileTime.From(new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(NtStatus.Success, await file.ChangeAsync(new FileMetadataChange { LastWriteTime = written }));
        var after = await file.DescribeAsync();
        var created = Store.Traits.Has(StoreAbilities.DosAttributes) ? before.CreationTime : after.CreationTime;
        Assert.Equal(before with { LastWriteTime = written, ChangeTime = after.ChangeTime, CreationTime = created }, after);
    }

    [Fact]
    public async Task The_change_time_can_be_set_and_moves_with_the_next_change()
    {
        if (!Store.Traits.Has(StoreAbilities.DosAttributes))
        {
            return;
        }

        await using var file = await Store.CreateAsync("file");
        var set = FileTime.From(new DateTimeOffset(2003, 1, 1, 0, 0, 0, TimeSpan.Zero));
        Assert.Equal(NtStatus.Success, await file.ChangeAsync(new FileMetadataChange { ChangeTime = set }));
        Assert.Equal(set, (await file.DescribeAsync()).ChangeTime);
        await Task.Delay(50);
        await file.PutAsync(0, 1);
        Assert.True((await file.DescribeAsync()).ChangeTime.Ticks > set.Ticks + TimeSpan.TicksPerDay);
    }

    [Fact]
    public async Task A_write_moves_the_last_write_time()
    {
        await using var file = await Store.CreateAsync("file");
        var old = FileTime.From(new DateTimeOffset(2003, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await file.ChangeAsync(new FileMetadataChange { LastWriteTime = old });
        await file.PutAsync(0, 1);
        var now = (await file.DescribeAsync()).LastWriteTime.ToDateTimeOffset();
        Assert.InRange(now, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(5));
    }

    [Fact]
    public async Task Hard_links_are_names_of_one_file_or_refused()
    {
        await Store.PutDirectoryAsync("dir");
        await Store.PutAsync("one", 1, 2, 3);
        if (!Store.Traits.Has(StoreAbilities.HardLinks))
        {
            Assert.Contains(await Store.LinkAsync("one", "dir\\two"), new[] { NtStatus.NotSupported, NtStatus.InvalidDeviceRequest });
            return;
        }

        Assert.Equal(NtStatus.Success, await Store.LinkAsync("one", "dir\\two"));
        var one = await Store.DescribeAsync("one");
        Assert.Equal(one.FileId, (await Store.DescribeAsync("dir\\two")).FileId);
        Assert.Equal(2u, one.LinkCount);
        Assert.Equal(NtStatus.ObjectPathNotFound, await Store.LinkAsync("one", "none\\two"));
        Assert.Equal(NtStatus.Success, await Store.DeleteAsync("one"));
        Assert.Equal([1, 2, 3], await Store.GetAsync("dir\\two"));
        Assert.Equal(1u, (await Store.DescribeAsync("dir\\two")).LinkCount);
    }

    [Fact]
    public async Task A_link_replaces_only_when_asked()
    {
        if (!Store.Traits.Has(StoreAbilities.HardLinks))
        {
            return;
        }

        await Store.PutAsync("one", 1);
        await Store.PutAsync("two", 2);
        await Store.PutDirectoryAsync("dir");
        Assert.Equal(NtStatus.ObjectNameCollision, await Store.LinkAsync("one", "two"));
        Assert.Equal([2], await Store.GetAsync("two"));
        Assert.Equal(NtStatus.Success, await Store.LinkAsync("one", "two", replace: true));
        Assert.Equal([1], await Store.GetAsync("two"));
        Assert.NotEqual(NtStatus.Success, await Store.LinkAsync("one", "dir", replace: true));
        Assert.NotEqual(NtStatus.Success, await Store.LinkAsync("dir", "link"));
        Assert.Equal(3, (await Store.ListAsync()).Count);
    }

    [Fact]
    public async Task A_replacing_rename_between_two_names_of_one_file_leaves_the_new_one()
    {
        if (!Store.Traits.Has(StoreAbilities.HardLinks))
        {
            return;
        }

        await Store.PutAsync("one", 1);
        await Store.LinkAsync("one", "two");
        Assert.Equal(NtStatus.Success, await Store.RenameAsync("one", "two", replace: true));
        Assert.Equal("two", Assert.Single(await Store.ListAsync()).Name);
        Assert.Equal(1u, (await Store.DescribeAsync("two")).LinkCount);
    }

    [Fact]
    public async Task The_volume_has_no_more_free_than_it_is_large()
    {
        var volume = await Store.GetVolumeAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, volume.Status);
        Assert.InRange(volume.Value.FreeBytes, 0, volume.Value.TotalBytes);
        Assert.InRange(volume.Value.AvailableBytes, 0, volume.Value.FreeBytes);
        Assert.InRange(volume.Value.Label.Length, 0, 32);
        Assert.Equal(volume.Value.SerialNumber, (await Store.GetVolumeAsync(CancellationToken.None)).Value.SerialNumber);
    }

    [Fact]
    public async Task Only_one_of_many_creates_a_name()
    {
        var names = Store.Traits.Has(StoreAbilities.CaseSensitive) ? new[] { "file" } : ["file", "FILE", "File", "fiLE"];
        var statuses = await Task.WhenAll(
            Enumerable.Range(0, 32).Select(number => Task.Run(() => Store.TryCreateAsync(names[number % names.Length]))));
        Assert.Single(statuses, static status => status == NtStatus.Success);
        Assert.Equal(31, statuses.Count(static status => status == NtStatus.ObjectNameCollision));
        Assert.Single(await Store.ListAsync());
    }

#pragma warning restore CS1591
}
