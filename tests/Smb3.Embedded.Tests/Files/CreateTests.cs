using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

public class CreateTests
{
    private readonly TestVolume _volume = new();

    [Theory]
    [InlineData(CreateDisposition.Supersede, true, NtStatus.Success, CreateAction.Superseded)]
    [InlineData(CreateDisposition.Supersede, false, NtStatus.Success, CreateAction.Created)]
    [InlineData(CreateDisposition.Open, true, NtStatus.Success, CreateAction.Opened)]
    [InlineData(CreateDisposition.Open, false, NtStatus.ObjectNameNotFound, CreateAction.Opened)]
    [InlineData(CreateDisposition.Create, true, NtStatus.ObjectNameCollision, CreateAction.Opened)]
    [InlineData(CreateDisposition.Create, false, NtStatus.Success, CreateAction.Created)]
    [InlineData(CreateDisposition.OpenIf, true, NtStatus.Success, CreateAction.Opened)]
    [InlineData(CreateDisposition.OpenIf, false, NtStatus.Success, CreateAction.Created)]
    [InlineData(CreateDisposition.Overwrite, true, NtStatus.Success, CreateAction.Overwritten)]
    [InlineData(CreateDisposition.Overwrite, false, NtStatus.ObjectNameNotFound, CreateAction.Opened)]
    [InlineData(CreateDisposition.OverwriteIf, true, NtStatus.Success, CreateAction.Overwritten)]
    [InlineData(CreateDisposition.OverwriteIf, false, NtStatus.Success, CreateAction.Created)]
    [InlineData((CreateDisposition)6, true, NtStatus.InvalidParameter, CreateAction.Opened)]
    public async Task Dispositions(CreateDisposition disposition, bool exists, NtStatus status, CreateAction action)
    {
        if (exists)
        {
            var file = await _volume.OpenAsync("f");
            await WriteAsync(file, 0, 1, 2, 3);
            await file.CloseAsync();
        }

        var outcome = await _volume.CreateAsync("f", disposition);
        Assert.Equal(status, outcome.Status);
        if (outcome.Open is not { } open)
        {
            return;
        }

        Assert.Equal(action, outcome.Action);
        Assert.Equal(action == CreateAction.Opened ? 3 : 0, outcome.Metadata.Length);
        await open.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Option_bits_are_answered_as_Windows_does()
    {
        await _volume.MakeAsync("f");
        uint ok = 0, notSupported = 0, invalid = 0, notADirectory = 0;
        for (var bit = 0; bit < 32; bit++)
        {
            var option = 1u << bit;
            if (option == (uint)CreateOptions.DeleteOnClose)
            {
                continue;
            }

            switch (await _volume.StatusAsync("f", CreateDisposition.OpenIf, (CreateOptions)option, FileAccessMask.MaximumAllowed))
            {
                case NtStatus.Success:
                    ok |= option;
                    break;
                case NtStatus.NotSupported:
                    notSupported |= option;
                    break;
                case NtStatus.InvalidParameter:
                    invalid |= option;
                    break;
                case NtStatus.NotADirectory:
                    notADirectory |= option;
                    break;
            }
        }

        Assert.Equal(0x00efcf7eu, ok);
        Assert.Equal(0x00102080u, notSupported);
        Assert.Equal(0xff000000u, invalid);
        Assert.Equal(1u, notADirectory);
    }

    [Fact]
    public async Task Access_bits_that_nobody_gets()
    {
        await _volume.MakeAsync("f");
        uint denied = 0;
        for (var bit = 0; bit < 32; bit++)
        {
            var status = await _volume.StatusAsync("f", access: (FileAccessMask)(1u << bit));
            if (status is NtStatus.AccessDenied or NtStatus.PrivilegeNotHeld)
            {
                denied |= 1u << bit;
            }
            else
            {
                Assert.Equal(NtStatus.Success, status);
            }
        }

        Assert.Equal(0x0de0fe00u, denied); // since Windows 7 SYNCHRONIZE alone is enough
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("f", access: 0));
    }

    [Fact]
    public async Task Attributes_of_a_new_file()
    {
        uint ok = 0, invalid = 0;
        for (var bit = 0; bit < 32; bit++)
        {
            var attribute = (FileAttributes)(1u << bit);
            if (attribute == FileAttributes.Encrypted)
            {
                continue;
            }

            var outcome = await _volume.CreateAsync($"f{bit}", attributes: attribute);
            if (outcome.Status == NtStatus.InvalidParameter)
            {
                invalid |= 1u << bit;
                continue;
            }

            ok |= 1u << bit;
            var expected = (attribute | FileAttributes.Archive) & (FileAttributes)0x5127;
            Assert.Equal(expected, outcome.Metadata.Attributes & ~FileAttributes.NotContentIndexed);
            await outcome.Open!.CloseAsync();
        }

        Assert.Equal(0x0002bfb7u, ok);
        Assert.Equal(0xfffd0048u, invalid);
    }

    [Theory]
    [InlineData(true, CreateOptions.NonDirectoryFile, CreateDisposition.Open, NtStatus.FileIsADirectory)]
    [InlineData(false, CreateOptions.DirectoryFile, CreateDisposition.Open, NtStatus.NotADirectory)]
    [InlineData(false, CreateOptions.DirectoryFile, CreateDisposition.Create, NtStatus.ObjectNameCollision)]
    [InlineData(true, CreateOptions.DirectoryFile, CreateDisposition.Create, NtStatus.ObjectNameCollision)]
    [InlineData(true, CreateOptions.DirectoryFile, CreateDisposition.OpenIf, NtStatus.Success)]
    [InlineData(true, CreateOptions.DirectoryFile, CreateDisposition.OverwriteIf, NtStatus.InvalidParameter)]
    [InlineData(true, CreateOptions.DirectoryFile | CreateOptions.NonDirectoryFile, CreateDisposition.Open, NtStatus.InvalidParameter)]
    public async Task Files_and_directories_are_not_mixed_up(
        bool directory, CreateOptions options, CreateDisposition disposition, NtStatus status)
    {
        await _volume.MakeAsync("x", directory);
        Assert.Equal(status, await _volume.StatusAsync("x", disposition, options));
    }

    [Fact]
    public async Task Paths_name_files_in_every_spelling_that_Windows_takes()
    {
        await _volume.MakeAsync("Dir", directory: true);
        await _volume.MakeAsync("Dir\\File");
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("dir\\FILE::$DATA"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("dir:$I30:$INDEX_ALLOCATION"));
        Assert.Equal(NtStatus.FileIsADirectory, await _volume.StatusAsync("dir::$DATA"));
        Assert.Equal(NtStatus.NotADirectory, await _volume.StatusAsync("dir\\file:$I30:$INDEX_ALLOCATION"));
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("dir\\file:stream"));
        Assert.Equal(NtStatus.ObjectNameInvalid, await _volume.StatusAsync("dir\\file:stream:"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("dir\\"));
        Assert.Equal(NtStatus.ObjectNameInvalid, await _volume.StatusAsync("dir\\file\\"));
        Assert.Equal(NtStatus.ObjectPathNotFound, await _volume.StatusAsync("none\\file"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync(""));
        var open = await _volume.OpenAsync("dir\\FILE");
        Assert.Equal("Dir\\File", open.Path.Text);
        await open.CloseAsync();
    }

    [Fact]
    public async Task Overwriting_needs_the_right_to_write_and_matching_attributes()
    {
        await _volume.MakeAsync("hidden", attributes: FileAttributes.Hidden);
        await _volume.MakeAsync("readonly", attributes: FileAttributes.ReadOnly);
        await _volume.MakeAsync("plain");
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("hidden", CreateDisposition.OverwriteIf));
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("readonly", CreateDisposition.OverwriteIf));
        var outcome = await _volume.CreateAsync("hidden", CreateDisposition.Overwrite, attributes: FileAttributes.Hidden);
        Assert.Equal(NtStatus.Success, outcome.Status);
        await outcome.Open!.CloseAsync();

        const FileAccessMask NoWriting = FileAccessMask.FileGenericRead | FileAccessMask.FileGenericExecute;
        foreach (var disposition in new[] { CreateDisposition.Supersede, CreateDisposition.Overwrite, CreateDisposition.OverwriteIf })
        {
            outcome = await _volume.CreateAsync("plain", disposition, FileAccessMask.FileGenericRead, shareAccess: NoWriting);
            Assert.Equal(NtStatus.AccessDenied, outcome.Status);
        }

        outcome = await _volume.CreateAsync("new", CreateDisposition.Create, FileAccessMask.FileGenericRead, shareAccess: NoWriting);
        Assert.Equal(NtStatus.AccessDenied, outcome.Status);

        // What a disposition implies is not granted.
        outcome = await _volume.CreateAsync("plain", CreateDisposition.Overwrite, FileAccessMask.ReadAttributes);
        Assert.Equal(FileAccessMask.ReadAttributes, outcome.Open!.GrantedAccess);
        Assert.Equal(NtStatus.AccessDenied, await WriteAsync(outcome.Open, 0, 1));
        await outcome.Open.CloseAsync();
    }

    [Fact]
    public async Task A_read_only_file_withholds_writing()
    {
        await _volume.MakeAsync("r", attributes: FileAttributes.ReadOnly);
        Assert.Equal(NtStatus.AccessDenied, await _volume.StatusAsync("r", access: FileAccessMask.WriteData));
        Assert.Equal(
            NtStatus.CannotDelete,
            await _volume.StatusAsync("r", options: CreateOptions.DeleteOnClose, access: FileAccessMask.Delete));
        var open = await _volume.OpenAsync("r", access: FileAccessMask.MaximumAllowed);
        Assert.Equal(
            All & ~(FileAccessMask.WriteData | FileAccessMask.AppendData | FileAccessMask.DeleteChild), open.GrantedAccess);
        Assert.Equal(All, (await open.GetMaximalAccessAsync(default)).Value);
        await open.CloseAsync();
    }

    [Fact]
    public async Task Two_creates_of_one_name_make_one_file()
    {
        for (var round = 0; round < 50; round++)
        {
            var name = $"n{round}";
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(
                _ => Task.Run(() => _volume.CreateAsync(name, CreateDisposition.Create))));
            Assert.Single(outcomes, outcome => outcome.Status == NtStatus.Success);
            Assert.Equal(3, outcomes.Count(outcome => outcome.Status == NtStatus.ObjectNameCollision));
            await outcomes.First(outcome => outcome.Open is not null).Open!.CloseAsync();
        }

        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_close_counts_once_and_ends_everything()
    {
        var open = await _volume.OpenAsync("f");
        Assert.Single(_volume.Volume.GetOpens());
        Assert.Equal(NtStatus.Success, (await open.CloseAsync()).Status);
        Assert.Equal(NtStatus.FileClosed, (await open.CloseAsync()).Status);
        Assert.Equal(NtStatus.FileClosed, (await ReadAsync(open, 0, 1)).Status);
        Assert.Equal(NtStatus.FileClosed, await WriteAsync(open, 0, 1));
        Assert.Equal(NtStatus.FileClosed, (await open.GetMetadataAsync(default)).Status);
        _volume.AssertEmpty();
    }
}
