using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Watching;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

/// <summary>Under access-based enumeration a watcher hears of what a listing shows him, and of nothing else.</summary>
public class HiddenChangeTests
{
    private const FileAccessMask Read = FileAccessMask.FileGenericRead;

    private static readonly byte[] Secret = Descriptor(Ace.Allow(Alice.User, All)).ToArray();

    private readonly TestVolume _volume = new();

    [Fact]
    public async Task What_is_hidden_is_not_told_from_its_making_to_its_end()
    {
        var watched = await WatchAsync(Bob);
        var first = Next(watched);
        await MakeAsync("secret", Secret);
        var secret = await OpenAsync("secret");
        Assert.Equal(NtStatus.Success, await WriteAsync(secret, 0, 1));
        Assert.Equal(NtStatus.Success, await secret.SetBasicAsync(default, FileAttributes.Hidden, default));
        Assert.Equal(NtStatus.Success, await secret.RenameAsync("secret2", false, false, null, default));
        await secret.CloseAsync();
        await RemoveAsync("secret2");
        await MakeAsync("open");
        Assert.Equal("Added open", Text(await first));
        await RemoveAsync("open");
        Assert.Equal("Removed open", Text(await Next(watched)));
        await watched.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Whoever_may_read_it_hears_of_it_and_so_does_everybody_where_nothing_is_hidden()
    {
        var alice = await WatchAsync(Alice);
        var bob = await WatchAsync(Bob, hides: false);
        var ofAlice = Next(alice);
        var ofBob = Next(bob);
        await MakeAsync("secret", Secret);
        Assert.Equal("Added secret", Text(await ofAlice));
        Assert.Equal("Added secret", Text(await ofBob));
        await RenameAsync("secret", "secret2");
        Assert.Equal("RenamedOldName secret, RenamedNewName secret2", Text(await Next(alice)));
        Assert.Equal("RenamedOldName secret, RenamedNewName secret2", Text(await Next(bob)));
        await RemoveAsync("secret2");
        Assert.Equal("Removed secret2", Text(await Next(alice)));
        Assert.Equal("Removed secret2", Text(await Next(bob)));
        await alice.CloseAsync();
        await bob.CloseAsync();
    }

    [Fact]
    public async Task A_hidden_directory_hides_all_below_it()
    {
        await MakeAsync("secret", Secret, directory: true);
        await MakeAsync("d", directory: true);
        await MakeAsync("d\\e", directory: true);
        var watched = await WatchAsync(Bob, tree: true);
        var first = Next(watched, tree: true);
        var everybody = Descriptor(Ace.Allow(WellKnownSids.Everyone, All)).ToArray();
        await MakeAsync("secret\\open", everybody);
        await RenameAsync("secret\\open", "secret\\open2");
        await RemoveAsync("secret\\open2");
        await MakeAsync("d\\e\\open");
        Assert.Equal("Added d\\e\\open", Text(await first));
        await RemoveAsync("d\\e\\open");
        Assert.Equal("Removed d\\e\\open", Text(await Next(watched, tree: true)));
        await watched.CloseAsync();
    }

    [Fact]
    public async Task A_move_tells_of_the_end_that_is_seen()
    {
        await MakeAsync("secret", Secret, directory: true);
        var everybody = Descriptor(Ace.Allow(WellKnownSids.Everyone, All)).ToArray();
        await MakeAsync("secret\\f", everybody);
        var watched = await WatchAsync(Bob, tree: true);
        var first = Next(watched, tree: true);
        await RenameAsync("secret\\f", "f");
        Assert.Equal("Added f", Text(await first));
        await RenameAsync("f", "secret\\f");
        Assert.Equal("Removed f", Text(await Next(watched, tree: true)));
        await watched.CloseAsync();
    }

    [Fact]
    public async Task A_replaced_file_that_was_hidden_is_not_told()
    {
        await MakeAsync("target", Secret);
        await MakeAsync("source");
        var watched = await WatchAsync(Bob);
        var first = Next(watched);
        var source = await OpenAsync("source");
        Assert.Equal(NtStatus.Success, await source.LinkAsync("target", replace: true, null, default));
        await source.CloseAsync();
        Assert.Equal("Added target", Text(await first));
        await watched.CloseAsync();
    }

    [Fact]
    public async Task Who_hears_of_too_much_at_once_is_told_to_list_again()
    {
        var watched = await WatchAsync(Bob);
        var first = Next(watched);
        for (var i = 0; i < 3000; i++)
        {
            await MakeAsync("open" + i);
        }

        // Told in part or as a whole, but to the end.
        var told = 0;
        var report = await first;
        while (report.Status == NtStatus.Success && (told += report.Changes.Count) < 3000)
        {
            report = await Next(watched);
        }

        Assert.True(told == 3000 || report.Status == NtStatus.NotifyEnumDir);
        await watched.CloseAsync();
    }

    [Fact]
    public async Task Without_such_a_watcher_no_descriptor_is_read()
    {
        var bob = await WatchAsync(Bob, hides: false);
        await MakeAsync("f");
        Assert.Null(await _volume.Volume.Watches.FindSeersAsync(new("f")));
        await bob.CloseAsync();
    }

    private static SecurityDescriptor Descriptor(params Ace[] entries) =>
        new() { Owner = Alice.User, HasDacl = true, Dacl = new Acl(entries) };

    private static string Text(ChangeReport report)
    {
        Assert.Equal(NtStatus.Success, report.Status);
        return string.Join(", ", report.Changes.Select(static change => $"{change.Action} {change.Name}"));
    }

    private static Task<ChangeReport> Next(FileOpen open, bool tree = false) =>
        open.NextChangesAsync(
            ChangeFilter.FileName | ChangeFilter.DirectoryName | ChangeFilter.Size | ChangeFilter.Security, tree, 65_536, default).AsTask();

    private async Task<FileOpen> WatchAsync(FileCaller caller, bool hides = true, bool tree = false)
    {
        var parameters = new CreateParameters
        {
            Path = string.Empty, Caller = caller, DesiredAccess = Read, ShareAccess = ShareAccess.All, Disposition = CreateDisposition.Open,
            HidesUnreadable = hides,
        };
        var open = (await _volume.Volume.CreateAsync(parameters, default)).Open!;
        using var cancel = new CancellationTokenSource();
        var started = open.NextChangesAsync(
            ChangeFilter.FileName | ChangeFilter.DirectoryName | ChangeFilter.Size | ChangeFilter.Security, tree, 65_536, cancel.Token);
        await cancel.CancelAsync();
        Assert.Equal(NtStatus.Cancelled, (await started).Status);
        return open;
    }

    private async Task MakeAsync(string path, byte[]? descriptor = null, bool directory = false)
    {
        var made = await _volume.CreateAsync(
            path, CreateDisposition.Create, descriptor: descriptor,
            options: directory ? CreateOptions.DirectoryFile : CreateOptions.NonDirectoryFile);
        Assert.Equal(NtStatus.Success, made.Status);
        await made.Open!.CloseAsync();
    }

    private Task<FileOpen> OpenAsync(string path) => _volume.OpenAsync(path, CreateDisposition.Open);

    private async Task RenameAsync(string from, string to)
    {
        var open = await OpenAsync(from);
        Assert.Equal(NtStatus.Success, await open.RenameAsync(to, false, false, null, default));
        await open.CloseAsync();
    }

    private async Task RemoveAsync(string path)
    {
        var open = await OpenAsync(path);
        Assert.Equal(NtStatus.Success, await DeleteAsync(open));
        await open.CloseAsync();
    }
}
