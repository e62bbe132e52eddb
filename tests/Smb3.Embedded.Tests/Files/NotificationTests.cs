using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Watching;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class NotificationTests
{
    private const ChangeFilter Names = ChangeFilter.FileName | ChangeFilter.DirectoryName;

    private readonly TestVolume _volume = new();

    [Fact]
    public async Task Changes_are_kept_between_requests_in_their_order()
    {
        await _volume.MakeAsync("d", directory: true);
        var watched = await _volume.OpenAsync("d", access: All & ~FileAccessMask.Delete);
        var first = Next(watched, Names);
        Assert.False(first.IsCompleted);
        await _volume.MakeAsync("d\\a");
        Assert.Equal("Added a", Text(await first));

        await _volume.MakeAsync("d\\sub", directory: true);
        await RemoveAsync("d\\a");
        await RenameAsync("d\\sub", "d\\sub2");
        await _volume.MakeAsync("d\\sub2\\deep"); // below, and this watches one directory
        Assert.Equal("Added sub, Removed a, RenamedOldName sub, RenamedNewName sub2", Text(await Next(watched, Names)));
        await watched.CloseAsync();
        Assert.Equal(0, _volume.Volume.Watches.Count);
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task The_first_request_fixes_filter_and_depth()
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync("d\\sub", directory: true);
        var watched = await _volume.OpenAsync("d");
        using var cancel = new CancellationTokenSource();
        var wait = Next(watched, ChangeFilter.DirectoryName, tree: true, token: cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(NtStatus.Cancelled, (await wait).Status);
        await _volume.MakeAsync("d\\f");
        await _volume.MakeAsync("d\\sub\\deep", directory: true);
        Assert.Equal("Added sub\\deep", Text(await Next(watched, ChangeFilter.All)));
        await watched.CloseAsync();
    }

    [Fact]
    public async Task A_rename_from_one_directory_to_another_is_a_removal_and_an_addition()
    {
        await _volume.MakeAsync("x", directory: true);
        await _volume.MakeAsync("y", directory: true);
        await _volume.MakeAsync("x\\f");
        var root = await _volume.OpenAsync(string.Empty, CreateDisposition.Open);
        var x = await _volume.OpenAsync("x");
        var tree = Next(root, Names, tree: true);
        var from = Next(x, Names);
        await RenameAsync("x\\f", "y\\g");
        Assert.Equal("Removed x\\f, Added y\\g", Text(await tree));
        Assert.Equal("Removed f", Text(await from));
        await root.CloseAsync();
        await x.CloseAsync();
    }

    [Theory]
    [InlineData(ChangeFilter.Attributes)]
    [InlineData(ChangeFilter.LastWrite)]
    [InlineData(ChangeFilter.Size)]
    [InlineData(ChangeFilter.Creation)]
    public async Task A_modification_is_told_to_those_who_asked_for_its_kind(ChangeFilter filter)
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync("d\\f", attributes: FileAttributes.Archive);
        var watched = await _volume.OpenAsync("d");
        var other = await _volume.OpenAsync("d");
        var wait = Next(watched, filter);
        var elsewhere = Next(other, ChangeFilter.Security);
        var open = await _volume.OpenAsync("d\\f");
        var ticks = FileTime.From(_volume.Clock.GetUtcNow()).Ticks;
        switch (filter)
        {
            case ChangeFilter.Attributes:
                await open.SetBasicAsync(default, FileAttributes.Hidden, default);
                break;
            case ChangeFilter.Creation:
                await open.SetBasicAsync(new BasicTimes(ticks, 0, 0, 0), 0, default);
                break;
            default:
                await WriteAsync(open, 0, 1);
                await WriteAsync(open, 1, 1);
                break;
        }

        Assert.Equal("Modified f", Text(await wait));
        Assert.False(elsewhere.IsCompleted);
        await open.CloseAsync();
        await other.CloseAsync();
        Assert.Equal(NtStatus.NotifyCleanup, (await elsewhere).Status);
        await watched.CloseAsync();
    }

    [Fact]
    public async Task What_does_not_fit_makes_the_watcher_list_the_directory()
    {
        await _volume.MakeAsync("d", directory: true);
        var watched = await _volume.OpenAsync("d");
        var wait = Next(watched, Names, room: 20);
        await _volume.MakeAsync("d\\long name");
        Assert.Equal(NtStatus.NotifyEnumDir, (await wait).Status);
        await _volume.MakeAsync("d\\1234");
        Assert.Equal("Added 1234", Text(await Next(watched, Names)));
        await _volume.MakeAsync("d\\5678");
        await _volume.MakeAsync("d\\9");
        Assert.Equal(NtStatus.NotifyEnumDir, (await Next(watched, Names)).Status); // more than the first request's room
        await _volume.MakeAsync("d\\0");
        Assert.Equal(NtStatus.NotifyEnumDir, (await Next(watched, Names, room: 0)).Status);
        await watched.CloseAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Deleting_the_directory_ends_the_wait(bool onClose)
    {
        await _volume.MakeAsync("d", directory: true);
        var watched = await _volume.OpenAsync("d");
        var wait = Next(watched, Names);
        var open = await _volume.OpenAsync("d", options: onClose ? CreateOptions.DeleteOnClose : CreateOptions.None);
        if (!onClose)
        {
            await DeleteAsync(open);
        }

        await open.CloseAsync();
        Assert.Equal(NtStatus.DeletePending, (await wait).Status);
        Assert.Equal(NtStatus.DeletePending, (await Next(watched, Names)).Status);
        await watched.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_watch_follows_its_directory()
    {
        await _volume.MakeAsync("d", directory: true);
        var watched = await _volume.OpenAsync("d");
        var wait = Next(watched, Names);
        Assert.Equal(NtStatus.Success, await watched.RenameAsync("e", false, false, null, default));
        await _volume.MakeAsync("e\\f");
        Assert.Equal("Added f", Text(await wait));
        await watched.CloseAsync();
        Assert.Equal(0, _volume.Volume.Watches.Count);
    }

    [Fact]
    public async Task Only_a_directory_that_may_be_listed_can_be_watched()
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync("f");
        var blind = await _volume.OpenAsync("d", access: FileAccessMask.ReadAttributes);
        var file = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.AccessDenied, (await Next(blind, Names)).Status);
        Assert.Equal(NtStatus.InvalidParameter, (await Next(file, Names)).Status);
        await blind.CloseAsync();
        await file.CloseAsync();
    }

    private static Task<ChangeReport> Next(
        FileOpen open, ChangeFilter filter, bool tree = false, int room = 1000, CancellationToken token = default) =>
        open.NextChangesAsync(filter, tree, room, token).AsTask();

    private static string Text(ChangeReport report)
    {
        Assert.Equal(NtStatus.Success, report.Status);
        return string.Join(", ", report.Changes.Select(change => $"{change.Action} {change.Name}"));
    }

    private async Task RemoveAsync(string path)
    {
        var open = await _volume.OpenAsync(path, CreateDisposition.Open, options: CreateOptions.DeleteOnClose);
        await open.CloseAsync();
    }

    private async Task RenameAsync(string path, string target)
    {
        var open = await _volume.OpenAsync(path, CreateDisposition.Open);
        Assert.Equal(NtStatus.Success, await open.RenameAsync(target, false, false, null, default));
        await open.CloseAsync();
    }
}
