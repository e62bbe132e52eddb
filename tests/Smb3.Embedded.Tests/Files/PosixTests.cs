using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Names;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class PosixTests
{
    private readonly TestVolume _volume = new(_ => new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = true }));

    [Theory]
    [InlineData("a/b", @"a\b")]
    [InlineData(@"a\b", "a\uF026b")]
    [InlineData("x:y*z?", "x\uF022y\uF021z\uF025")]
    [InlineData("\u0001\"<>|", "\uF001\uF020\uF023\uF024\uF027")]
    [InlineData("trail. /dot./a.b", "trail.\uF028\\dot\uF029\\a.b")]
    [InlineData("../.", @"..\.")]
    public void Every_character_has_its_place(string posix, string windows)
    {
        Assert.Equal(windows, PosixNames.ToWindows(posix));
        if (!posix.Contains('/', StringComparison.Ordinal))
        {
            Assert.Equal(posix, PosixNames.FromWindows(windows));
        }
    }

    [Fact]
    public async Task A_new_file_has_the_mode_of_its_creator()
    {
        var open = await OpenAsync("file", CreateDisposition.Create, (UnixFileMode)0b110_000_000);
        Assert.Equal((UnixFileMode)0b110_000_000, (await TestVolume.MetadataAsync(open)).UnixMode);
        await open.CloseAsync();
    }

    [Fact]
    public async Task A_DACL_of_nothing_but_a_mode_sets_the_mode_and_nothing_else()
    {
        var open = await OpenAsync("file", CreateDisposition.Create);
        var before = await SecurityAsync(open);
        var descriptor = new SecurityDescriptor
        {
            HasDacl = true,
            Dacl = new Acl([Ace.Allow(Sid.Parse("S-1-5-88-3-488"), FileAccessMask.None)]),
        };
        Assert.Equal(
            NtStatus.Success, await open.SetSecurityAsync(SecurityInformation.Dacl, descriptor.ToArray(), CancellationToken.None));
        Assert.Equal((UnixFileMode)488, (await TestVolume.MetadataAsync(open)).UnixMode);
        Assert.Equal(before, await SecurityAsync(open));
        await open.CloseAsync();
    }

    [Fact]
    public async Task Names_that_differ_in_case_are_two_files()
    {
        await (await OpenAsync("Case", CreateDisposition.Create)).CloseAsync();
        await (await OpenAsync("case", CreateDisposition.Create)).CloseAsync();
    }

    [Fact]
    public async Task A_file_that_is_open_is_deleted_at_once()
    {
        var other = await OpenAsync("file", CreateDisposition.Create);
        await (await OpenAsync("file", options: CreateOptions.DeleteOnClose)).CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("file"));
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(other, 0, 1));
        await other.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_rename_takes_the_place_of_a_file_that_is_open()
    {
        var open = await OpenAsync("target", CreateDisposition.Create);
        await TestVolume.WriteAsync(open, 0, 1);
        var source = await OpenAsync("source", CreateDisposition.Create);
        Assert.Equal(NtStatus.Success, await source.RenameAsync("target", replace: true, posix: false, null, CancellationToken.None));
        Assert.Equal(1, (await TestVolume.ReadAsync(open, 0, 10)).Value);
        Assert.Equal(0, (await TestVolume.MetadataAsync(source)).Length);
        await open.CloseAsync();
        await source.CloseAsync();
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("target"));
    }

    [Fact]
    public async Task A_directory_moves_with_what_is_open_in_it()
    {
        var directory = await OpenAsync("dir", CreateDisposition.Create, options: CreateOptions.DirectoryFile);
        var file = await OpenAsync("dir/file", CreateDisposition.Create);
        var doomed = await _volume.OpenAsync(@"dir\doomed");
        Assert.Equal(NtStatus.Success, await TestVolume.DeleteAsync(doomed));
        Assert.Equal(NtStatus.Success, await directory.RenameAsync("moved", false, false, null, CancellationToken.None));
        Assert.Equal(@"moved\file", file.Path.Text);
        Assert.Equal(NtStatus.Success, await TestVolume.WriteAsync(file, 0, 1));
        Assert.Equal(NtStatus.DeletePending, await _volume.StatusAsync(@"moved\doomed"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await _volume.StatusAsync(@"dir\file"));
        await doomed.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync(@"moved\doomed"));
        await file.CloseAsync();
        await directory.CloseAsync();

        await _volume.MakeAsync("dir", directory: true);
        await _volume.MakeAsync(@"dir\doomed");
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync(@"dir\doomed"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync(@"moved\file"));
        _volume.AssertEmpty();
    }

    private static async Task<byte[]> SecurityAsync(FileOpen open) =>
        (await open.GetSecurityAsync(SecurityInformation.Owner | SecurityInformation.Dacl, CancellationToken.None)).Value.ToArray();

    private async Task<FileOpen> OpenAsync(
        string path,
        CreateDisposition disposition = CreateDisposition.Open,
        UnixFileMode mode = (UnixFileMode)0b110_100_100,
        CreateOptions options = CreateOptions.None)
    {
        var outcome = await _volume.Volume.CreateAsync(
            new CreateParameters
            {
                Path = path,
                Caller = TestVolume.Alice,
                DesiredAccess = TestVolume.All,
                ShareAccess = ShareAccess.All,
                Disposition = disposition,
                Options = options,
                IsPosix = true,
                UnixMode = mode,
            },
            CancellationToken.None);
        Assert.Equal(NtStatus.Success, outcome.Status);
        return outcome.Open!;
    }
}
