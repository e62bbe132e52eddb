using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class StreamTests
{
    private readonly TestVolume _volume = new();

    [Fact]
    public async Task A_stream_has_data_of_its_own_and_makes_its_file()
    {
        var stream = await _volume.OpenAsync("file:One", CreateDisposition.Create);
        await TestVolume.WriteAsync(stream, 0, 1, 2, 3);
        var file = await _volume.OpenAsync("FILE", CreateDisposition.Open);
        await TestVolume.WriteAsync(file, 0, 9);
        Assert.Equal(3, (await TestVolume.MetadataAsync(stream)).Length);
        Assert.Equal(1, (await TestVolume.MetadataAsync(file)).Length);
        Assert.Equal("file:One", stream.FullName);
        Assert.Equal(["One=3"], await NamesAsync(file));
        Assert.Equal(["One=3"], await NamesAsync(stream));
        await stream.CloseAsync();
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file:ONE:$DATA"));
        Assert.Equal(NtStatus.ObjectNameCollision, await _volume.StatusAsync("file:oNe", CreateDisposition.Create));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("file:two"));
        Assert.Equal(NtStatus.NotADirectory, await _volume.StatusAsync("file:one", options: CreateOptions.DirectoryFile));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Streams_of_one_file_share_no_share_modes_but_must_let_it_be_deleted()
    {
        var one = await _volume.OpenAsync("file:one", share: ShareAccess.None);
        var two = await _volume.OpenAsync("file:two", share: ShareAccess.All);
        Assert.Equal(NtStatus.SharingViolation, await _volume.StatusAsync("file:one"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file:two"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file", access: FileAccessMask.WriteData));
        Assert.Equal(NtStatus.SharingViolation, await _volume.StatusAsync("file", access: FileAccessMask.Delete));
        Assert.Equal(
            NtStatus.SharingViolation,
            await _volume.StatusAsync("file", CreateDisposition.OverwriteIf, access: FileAccessMask.WriteData));
        await one.CloseAsync();
        var file = await _volume.OpenAsync("file", access: FileAccessMask.Delete);
        var refused = await _volume.CreateAsync("file:two", share: ShareAccess.Read | ShareAccess.Write);
        Assert.Equal(NtStatus.SharingViolation, refused.Status);
        await file.CloseAsync();
        await two.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_deleted_file_goes_with_the_last_of_its_streams()
    {
        var stream = await _volume.OpenAsync("file:one");
        await TestVolume.WriteAsync(stream, 0, 7);
        var file = await _volume.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(file));
        await file.CloseAsync();
        Assert.Equal(1, (await TestVolume.ReadAsync(stream, 0, 4)).Value);
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("file"));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("file:one"));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("file:new", CreateDisposition.OpenIf));
        await stream.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("file"));
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_stream_is_deleted_alone()
    {
        var one = await _volume.OpenAsync("file:one");
        var other = await _volume.OpenAsync("file:one");
        await _volume.MakeAsync("file:two");
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(one));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("file:one"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file"));
        await one.CloseAsync();
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync("file:one"));
        await other.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("file:one"));
        await (await _volume.OpenAsync("file:two", options: CreateOptions.DeleteOnClose)).CloseAsync();
        var file = await _volume.OpenAsync("file", CreateDisposition.Open);
        Assert.Empty(await NamesAsync(file));
        await file.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_stream_is_renamed_over_nothing_or_an_empty_one()
    {
        var full = await _volume.OpenAsync("file:full");
        await TestVolume.WriteAsync(full, 0, 1);
        await full.CloseAsync();
        await _volume.MakeAsync("file:empty");
        var stream = await _volume.OpenAsync("file:old");
        await TestVolume.WriteAsync(stream, 0, 1, 2);
        Assert.Equal(NtStatus.ObjectNameCollision, await RenameAsync(stream, ":empty", replace: false));
        Assert.Equal(NtStatus.InvalidParameter, await RenameAsync(stream, ":full", replace: true));
        Assert.Equal(NtStatus.Success, await RenameAsync(stream, ":Empty:$DATA", replace: true));
        Assert.Equal("file:Empty", stream.FullName);
        Assert.Equal(["Empty=2", "full=1"], await NamesAsync(stream));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file:EMPTY"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("file:old"));
        Assert.Equal(NtStatus.Success, await RenameAsync(stream, "::$DATA", replace: true));
        Assert.Equal("file", stream.FullName);
        Assert.Equal(2, (await TestVolume.ReadAsync(stream, 0, 4)).Value);
        var file = await _volume.OpenAsync("file", CreateDisposition.Open);
        Assert.Same(stream.File, file.File);
        Assert.Equal(2, (await TestVolume.MetadataAsync(file)).Length);
        await stream.CloseAsync();
        Assert.Equal(NtStatus.Success, await RenameAsync(file, ":new", replace: false));
        Assert.Equal("file:new", file.FullName);
        Assert.Equal(["full=1", "new=2"], await NamesAsync(file));
        await file.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_file_is_not_renamed_under_an_open_stream()
    {
        var stream = await _volume.OpenAsync("file:one");
        var file = await _volume.OpenAsync("file");
        Assert.Equal(NtStatus.AccessDenied, await RenameAsync(file, "other", replace: false));
        await stream.CloseAsync();
        Assert.Equal(NtStatus.Success, await RenameAsync(file, "other", replace: false));
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("other:one"));
    }

    [Theory]
    [InlineData(CreateDisposition.Supersede)]
    [InlineData(CreateDisposition.Overwrite)]
    [InlineData(CreateDisposition.OverwriteIf)]
    public async Task Overwriting_a_file_takes_its_streams_and_overwriting_a_stream_only_its_data(CreateDisposition disposition)
    {
        var stream = await _volume.OpenAsync("file:one");
        await TestVolume.WriteAsync(stream, 0, 1);
        await stream.CloseAsync();
        stream = await _volume.OpenAsync("file:one", disposition);
        Assert.Equal(["one=0"], await NamesAsync(stream));
        await stream.CloseAsync();
        var file = await _volume.OpenAsync("file", disposition);
        Assert.Empty(await NamesAsync(file));
        await file.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_directory_can_have_streams_which_are_no_directories()
    {
        await _volume.MakeAsync("dir", directory: true);
        var stream = await _volume.OpenAsync("dir:one", CreateDisposition.Create);
        await TestVolume.WriteAsync(stream, 0, 1);
        Assert.False(stream.IsDirectory);
        Assert.Equal((FileAttributes)0, (await TestVolume.MetadataAsync(stream)).Attributes & FileAttributes.Directory);
        await stream.CloseAsync();
        var directory = await _volume.OpenAsync("dir", CreateDisposition.Open);
        Assert.True((await TestVolume.MetadataAsync(directory)).IsDirectory);
        Assert.Equal(["one=1"], await NamesAsync(directory));
        await directory.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Extended_attributes_are_set_listed_counted_and_removed()
    {
        var file = await _volume.OpenAsync("file");
        Assert.Equal(0u, (await TestVolume.MetadataAsync(file)).EaSize);
        Assert.Equal(NtStatus.InvalidEaName, await SetEaAsync(file, "A*B", 1));
        Assert.Equal(NtStatus.Success, await SetEaAsync(file, "COLOUR", 1, 2, 3));
        Assert.Equal(4u + 5 + 6 + 3, (await TestVolume.MetadataAsync(file)).EaSize);
        var listed = await file.GetExtendedAttributesAsync(CancellationToken.None);
        Assert.Equal("COLOUR", Assert.Single(listed.Value).Name);
        Assert.Equal(NtStatus.Success, await SetEaAsync(file, "COLOUR"));
        Assert.Equal(0u, (await TestVolume.MetadataAsync(file)).EaSize);
        await file.CloseAsync();
    }

    private static ValueTask<NtStatus> SetEaAsync(FileOpen open, string name, params byte[] value) =>
        open.SetExtendedAttributesAsync([new ExtendedAttribute(name, value)], CancellationToken.None);

    private static ValueTask<NtStatus> RenameAsync(FileOpen open, string path, bool replace) =>
        open.RenameAsync(path, replace, posix: false, null, CancellationToken.None);

    private static async Task<string[]> NamesAsync(FileOpen open)
    {
        var streams = await open.ListStreamsAsync(CancellationToken.None);
        Assert.Equal(NtStatus.Success, streams.Status);
        return [.. streams.Value.Select(stream => $"{stream.Name}={stream.Length}").Order(StringComparer.OrdinalIgnoreCase)];
    }
}
