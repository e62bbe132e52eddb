using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class ListingTests
{
    private readonly TestVolume _volume = new();

    [Fact]
    public async Task Entries_come_in_order_after_the_dots_and_once()
    {
        foreach (var name in new[] { "b", "A", "c.txt" })
        {
            await _volume.MakeAsync(name);
        }

        var root = await _volume.OpenAsync("");
        Assert.Equal([".", "..", "A", "b", "c.txt"], await ListAsync(root, "*"));
        Assert.Equal([NtStatus.NoMoreFiles.ToString()], await ListAsync(root, "*"));
        Assert.Equal([".", "..", "A", "b", "c.txt"], await ListAsync(root, "ignored", restart: true));
        Assert.Equal(["c.txt"], await ListAsync(root, "*.txt", reopen: true));
        await root.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_name_is_looked_up()
    {
        await _volume.MakeAsync("Name");
        var root = await _volume.OpenAsync("");
        Assert.Equal(["Name"], await ListAsync(root, "nAME"));
        Assert.Equal([NtStatus.NoMoreFiles.ToString()], await ListAsync(root, "name"));
        Assert.Equal([NtStatus.NoSuchFile.ToString()], await ListAsync(root, "none", reopen: true));
        Assert.Equal([NtStatus.NoMoreFiles.ToString()], await ListAsync(root, "none"));
        Assert.Equal([NtStatus.NoSuchFile.ToString()], await ListAsync(root, "x*y", reopen: true));
        Assert.Equal([NtStatus.ObjectNameInvalid.ToString()], await ListAsync(root, "a\\b", reopen: true));
        Assert.Equal([NtStatus.ObjectNameInvalid.ToString()], await ListAsync(root, new string('*', 256), reopen: true));
        await root.CloseAsync();
    }

    [Fact]
    public async Task An_entry_that_was_not_taken_comes_again()
    {
        await _volume.MakeAsync("a");
        var root = await _volume.OpenAsync("");
        using (var query = (await root.QueryDirectoryAsync("a*", false, false, null, default)).Value)
        {
            Assert.Equal(NtStatus.Success, await query.PeekAsync(default));
        }

        Assert.Equal(["a"], await ListAsync(root, "*"));
        await root.CloseAsync();
    }

    [Theory]
    [InlineData(0)] // only looked at
    [InlineData(1)] // "."
    [InlineData(2)] // "." and ".."
    public async Task Who_has_got_only_dots_gets_what_is_there_when_the_listing_goes_on(int taken)
    {
        await _volume.MakeAsync("old");
        var root = await _volume.OpenAsync("");
        using (var query = (await root.QueryDirectoryAsync("*", false, false, null, default)).Value)
        {
            for (var i = 0; i < taken; i++)
            {
                Assert.Equal(NtStatus.Success, await query.PeekAsync(default));
                query.Advance();
            }

            Assert.Equal(NtStatus.Success, await query.PeekAsync(default)); // it does not fit
        }

        var old = await _volume.OpenAsync("old");
        Assert.Equal(NtStatus.Success, await DeleteAsync(old));
        await old.CloseAsync();
        await _volume.MakeAsync("new");
        Assert.Equal([.. new[] { ".", ".." }.Skip(taken), "new"], await ListAsync(root, "*"));
        Assert.Equal([NtStatus.NoMoreFiles.ToString()], await ListAsync(root, "*"));
        await root.CloseAsync();
    }

    [Fact]
    public async Task Listing_takes_the_right_to_list()
    {
        var root = await _volume.OpenAsync("", access: FileAccessMask.ReadAttributes);
        Assert.Equal(NtStatus.AccessDenied, (await root.QueryDirectoryAsync("*", false, false, null, default)).Status);
        await root.CloseAsync();
        var file = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.InvalidParameter, (await file.QueryDirectoryAsync("*", false, false, null, default)).Status);
        await file.CloseAsync();
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(3)]
    public async Task A_listing_goes_on_behind_the_entry_that_an_index_names(int sortedLimit)
    {
        var volume = new TestVolume(sortedListingLimit: sortedLimit);
        for (var i = 0; i < 150; i++)
        {
            await volume.MakeAsync($"f{(i * 37) % 150:000}");
        }

        var root = await volume.OpenAsync("");
        var all = await EntriesAsync(root, "*", null);
        Assert.Equal(152, all.Count);
        Assert.DoesNotContain(0u, all.Select(entry => entry.Index));
        Assert.Equal(152, all.Select(entry => entry.Index).Distinct().Count());
        foreach (var at in new[] { 0, 1, 2, 40, 151 })
        {
            Assert.Equal(all[(at + 1)..], await EntriesAsync(root, "", all[at].Index));
            Assert.Equal(all[(at + 1)..], await EntriesAsync(root, "*", all[at].Index));
        }

        Assert.Equal(
            all[41..].Where(entry => entry.Name.EndsWith('5')), await EntriesAsync(root, "*5", all[40].Index));
        Assert.Equal([NtStatus.NoMoreFiles.ToString()], await ListAsync(root, "", after: all[^1].Index));
        Assert.Equal([NtStatus.NoMoreFiles.ToString()], await ListAsync(root, "f000", after: 100_000));
        Assert.Equal(all, await EntriesAsync(root, "*", null, reopen: true));
        await root.CloseAsync();
    }

    [Fact]
    public async Task The_index_of_none_changes_nothing()
    {
        foreach (var name in new[] { "a", "b" })
        {
            await _volume.MakeAsync(name);
        }

        var root = await _volume.OpenAsync("");
        using (var query = (await root.QueryDirectoryAsync("?", false, false, 0, default)).Value)
        {
            Assert.Equal(NtStatus.Success, await query.PeekAsync(default));
            query.Advance();
            Assert.Equal(NtStatus.Success, await query.PeekAsync(default));
            query.Advance();
        }

        Assert.Equal(["b"], await ListAsync(root, "none", after: 0));
        await root.CloseAsync();
    }

    private static async Task<List<(string Name, uint Index)>> EntriesAsync(
        FileOpen open, string pattern, uint? after, bool reopen = false)
    {
        var entries = new List<(string, uint)>();
        using var query = (await open.QueryDirectoryAsync(pattern, false, reopen, after, default)).Value;
        while (await query.PeekAsync(default) == NtStatus.Success)
        {
            entries.Add((query.Current.Name, query.Current.Index));
            query.Advance();
        }

        return entries;
    }

    private static async Task<List<string>> ListAsync(
        FileOpen open, string pattern, bool restart = false, bool reopen = false, uint? after = null)
    {
        var names = new List<string>();
        var begun = await open.QueryDirectoryAsync(pattern, restart, reopen, after, default);
        if (!begun.Succeeded)
        {
            return [begun.Status.ToString()];
        }

        using var query = begun.Value;
        while (true)
        {
            var status = await query.PeekAsync(default);
            if (status != NtStatus.Success)
            {
                return names.Count == 0 ? [status.ToString()] : names;
            }

            names.Add(query.Current.Name);
            query.Advance();
        }
    }
}
