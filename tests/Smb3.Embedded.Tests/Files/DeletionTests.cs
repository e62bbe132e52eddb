using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class DeletionTests
{
    private readonly TestVolume _volume = new();

    [Fact]
    public async Task Delete_on_close_takes_the_name_with_the_last_handle()
    {
        var first = await _volume.OpenAsync("f", options: CreateOptions.DeleteOnClose);
        var second = await _volume.OpenAsync("f");
        await first.CloseAsync();
        Assert.True(second.IsDeletePending);
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("F"));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("f", CreateDisposition.Create));
        Assert.Equal(0u, (await MetadataAsync(second)).LinkCount);
        await second.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("f"));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Disposition_can_be_taken_back()
    {
        var open = await _volume.OpenAsync("f");
        Assert.Equal(NtStatus.Success, await DeleteAsync(open));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("f"));
        Assert.Equal(NtStatus.Success, await open.SetDispositionAsync(false, false, false, false, null, default));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("f"));
        await open.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("f"));
    }

    [Fact]
    public async Task What_cannot_be_deleted()
    {
        var readOnly = await _volume.OpenAsync("r", attributes: FileAttributes.ReadOnly);
        Assert.Equal(NtStatus.CannotDelete, await DeleteAsync(readOnly));
        Assert.Equal(NtStatus.Success, await DeleteAsync(readOnly, ignoreReadOnly: true));
        await readOnly.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("r"));

        var directory = await _volume.MakeDirectoryAsync("d");
        await _volume.MakeAsync("d\\child");
        Assert.Equal(NtStatus.DirectoryNotEmpty, await DeleteAsync(directory));
        await directory.CloseAsync();

        var noRight = await _volume.OpenAsync("f", access: FileAccessMask.FileGenericRead);
        Assert.Equal(NtStatus.AccessDenied, await DeleteAsync(noRight));
        await noRight.CloseAsync();

        var root = await _volume.OpenAsync("");
        Assert.Equal(NtStatus.CannotDelete, await DeleteAsync(root));
        await root.CloseAsync();

        Assert.Equal(
            NtStatus.InvalidParameter,
            await _volume.StatusAsync("f", options: CreateOptions.DeleteOnClose, access: FileAccessMask.ReadData));
        Assert.Equal(
            NtStatus.CannotDelete,
            (await _volume.CreateAsync(
                "new", CreateDisposition.Create, options: CreateOptions.DeleteOnClose, attributes: FileAttributes.ReadOnly)).Status);
    }

    [Fact]
    public async Task Nothing_is_created_in_a_directory_that_goes()
    {
        var directory = await _volume.MakeDirectoryAsync("d");
        Assert.Equal(NtStatus.Success, await DeleteAsync(directory));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("d\\f", CreateDisposition.Create));
        await directory.CloseAsync();
        Assert.Equal(NtStatus.ObjectPathNotFound, await _volume.StatusAsync("d\\f", CreateDisposition.Create));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_Posix_delete_frees_the_name_while_others_go_on()
    {
        var first = await _volume.OpenAsync("f");
        var second = await _volume.OpenAsync("f");
        await WriteAsync(second, 0, 7);
        Assert.Equal(NtStatus.Success, await DeleteAsync(first, posix: true));
        await first.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("f", CreateDisposition.Create));
        Assert.Equal(1, (await ReadAsync(second, 0, 10)).Value);
        await second.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("f"));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task One_of_two_links_goes_and_the_file_stays()
    {
        var open = await _volume.OpenAsync("a");
        Assert.Equal(NtStatus.Success, await open.LinkAsync("b", replace: false, null, default));
        Assert.Equal(NtStatus.ObjectNameCollision, await open.LinkAsync("b", replace: false, null, default));
        var byB = await _volume.OpenAsync("b");
        Assert.Same(open.File, byB.File);
        Assert.Equal(NtStatus.Success, await DeleteAsync(open));
        Assert.False(byB.IsDeletePending);
        await open.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("a"));
        Assert.Equal(1u, (await MetadataAsync(byB)).LinkCount);
        await byB.CloseAsync();
        _volume.AssertEmpty();
    }
}
