using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class RenameTests
{
    private readonly TestVolume _volume = new();

    [Fact]
    public async Task A_file_moves_with_its_handles()
    {
        await _volume.MakeAsync("d", directory: true);
        var open = await _volume.OpenAsync("a");
        var other = await _volume.OpenAsync("a");
        Assert.Equal(NtStatus.Success, await open.RenameAsync("d\\b", false, false, null, default));
        Assert.Equal("d\\b", other.Path.Text);
        Assert.Equal("d\\b", other.State.Path.Text);
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("a"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("d\\b"));
        Assert.Equal(NtStatus.Success, await open.RenameAsync("D\\B", false, false, null, default));
        Assert.Equal("B", open.Path.Name.ToString());
        await DeleteAsync(other);
        await other.CloseAsync();
        await open.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("d\\b"));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task The_rules_for_targets()
    {
        await _volume.MakeAsync("target");
        await _volume.MakeAsync("dir", directory: true);
        await _volume.MakeAsync("readonly", attributes: FileAttributes.ReadOnly);
        var open = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.ObjectNameCollision, await open.RenameAsync("target", false, false, null, default));
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync("dir", true, false, null, default));
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync("readonly", true, false, null, default));
        Assert.Equal(NtStatus.ObjectPathNotFound, await open.RenameAsync("none\\x", false, false, null, default));
        Assert.Equal(NtStatus.ObjectNameInvalid, await open.RenameAsync("a?b", false, false, null, default));
        Assert.Equal(NtStatus.ObjectPathSyntaxBad, await open.RenameAsync("..\\x", false, false, null, default));
        var held = await _volume.OpenAsync("target");
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync("target", true, false, null, default));
        Assert.Equal(NtStatus.Success, await open.RenameAsync("target", true, posix: true, null, default));
        await held.CloseAsync();
        await open.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("target"));

        var noDelete = await _volume.OpenAsync("target", access: FileAccessMask.FileGenericWrite);
        Assert.Equal(NtStatus.AccessDenied, await noDelete.RenameAsync("x", false, false, null, default));
        await noDelete.CloseAsync();
        _volume.AssertEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_read_only_file_is_replaced_only_when_its_attribute_is_to_be_ignored(bool link)
    {
        await _volume.MakeAsync("target", attributes: FileAttributes.ReadOnly);
        var open = await _volume.OpenAsync("f");
        ValueTask<NtStatus> PutAsync(bool replace, bool ignore) => link
            ? open.LinkAsync("target", replace, ignore, null, null, default)
            : open.RenameAsync("target", replace, posix: false, ignore, null, null, default);
        Assert.Equal(NtStatus.AccessDenied, await PutAsync(replace: true, ignore: false));
        Assert.Equal(NtStatus.ObjectNameCollision, await PutAsync(replace: false, ignore: true));
        Assert.Equal(NtStatus.Success, await PutAsync(replace: true, ignore: true));
        await open.CloseAsync();
        var now = await _volume.OpenAsync("target");
        Assert.Equal(0, (int)((await MetadataAsync(now)).Attributes & FileAttributes.ReadOnly));
        await now.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_deleted_file_that_is_still_open_gives_its_name_to_a_file_that_replaces_it()
    {
        var held = await _volume.OpenAsync("target");
        await held.WriteAsync(0, new(new byte[7]), false, default);
        await DeleteAsync(held);
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("target"));
        var open = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.ObjectNameCollision, await open.RenameAsync("target", false, false, null, default));
        Assert.Equal(NtStatus.Success, await open.RenameAsync("target", true, false, null, default));

        // The old file lives on without a name, and its end does not touch the new one.
        Assert.Equal(7, (await held.Handle.GetMetadataAsync(default)).Value.Length);
        await held.CloseAsync();
        await open.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("target"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("f"));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_deleted_file_that_somebody_keeps_from_deletion_keeps_its_name()
    {
        var held = await _volume.OpenAsync("target", share: ShareAccess.Read);
        await DeleteAsync(held);
        var open = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.AccessDenied, await open.RenameAsync("target", true, false, null, default));
        await held.CloseAsync();
        await open.CloseAsync();
        _volume.AssertEmpty();
    }

    [Theory]
    [InlineData(true, ShareAccess.All, NtStatus.SharingViolation)]
    [InlineData(true, ShareAccess.None, NtStatus.SharingViolation)]
    [InlineData(false, ShareAccess.All, NtStatus.Success)]
    [InlineData(false, ShareAccess.None, NtStatus.SharingViolation)]
    public async Task Who_holds_the_directory_has_a_say(bool deleteAccess, ShareAccess share, NtStatus status)
    {
        await _volume.MakeAsync("d", directory: true);
        var access = (FileAccessMask)0x001601bf & ~FileAccessMask.Delete;
        var directory = await _volume.OpenAsync(
            "d", access: deleteAccess ? access | FileAccessMask.Delete : access, share: share, options: CreateOptions.DirectoryFile);
        var open = await _volume.OpenAsync("d\\f", share: ShareAccess.None);
        Assert.Equal(status, await open.RenameAsync("d\\g", false, false, null, default));
        await open.CloseAsync();
        await directory.CloseAsync();
    }

    [Fact]
    public async Task A_directory_that_another_client_holds_takes_directories_but_no_files()
    {
        await _volume.MakeAsync("d", directory: true);
        await _volume.MakeAsync("d\\f");
        await _volume.MakeAsync("d\\sub", directory: true);
        var held = await _volume.CreateAsync("d", options: CreateOptions.DirectoryFile, client: Guid.NewGuid());
        var directory = await _volume.OpenAsync("d\\sub", options: CreateOptions.DirectoryFile);
        Assert.Equal(NtStatus.Success, await directory.RenameAsync("d\\other", false, false, null, default));
        var file = await _volume.OpenAsync("d\\f");
        Assert.Equal(NtStatus.SharingViolation, await file.RenameAsync("d\\g", false, false, null, default));
        var own = await _volume.OpenAsync("d", options: CreateOptions.DirectoryFile);
        Assert.Equal(NtStatus.SharingViolation, await directory.RenameAsync("d\\sub", false, false, null, default));
        foreach (var open in new[] { directory, file, own, held.Open! })
        {
            await open.CloseAsync();
        }

        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_directory_with_an_open_file_below_stays()
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        var file = await _volume.OpenAsync("d\\f");
        Assert.Equal(NtStatus.AccessDenied, await directory.RenameAsync("e", false, false, null, default));
        Assert.Equal(NtStatus.InvalidParameter, await directory.RenameAsync("d\\sub", false, false, null, default));
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, await directory.RenameAsync("e", false, false, null, default));
        await directory.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("e\\f"));
        _volume.AssertEmpty();
    }
}
