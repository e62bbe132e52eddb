using System.Buffers;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Copying;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>What no client may make of a file: a program that runs as somebody else, or a device.</summary>
public sealed class PosixModeTests : IDisposable
{
    private const UnixFileMode SetIds = UnixFileMode.SetUser | UnixFileMode.SetGroup;
    private const UnixFileMode Usual = (UnixFileMode)0b111_101_101;
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<bool, uint> Modes
    {
        get
        {
            var data = new TheoryData<bool, uint>();
            foreach (var physical in new[] { false, true })
            {
                // Set-user-ID, set-group-ID, sticky, all of them, and the types of character device, block device, FIFO and directory.
                foreach (var bits in new uint[] { 0x800, 0x400, 0x200, 0xE00, 0x2000, 0x6000, 0x1000, 0x4000, 0xFFFFF000 | 0xE00 })
                {
                    data.Add(physical, bits);
                }
            }

            return data;
        }
    }

    public void Dispose() => _folder.Delete();

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_mode_says_no_more_than_permissions(bool physical, uint bits)
    {
        var volume = Open(physical);
        var mode = (UnixFileMode)bits | Usual;
        var file = await CreateAsync(volume, "file", mode);
        Assert.Equal(Usual, (await TestVolume.MetadataAsync(file)).UnixMode);
        Assert.Equal(NtStatus.Success, await SetModeAsync(file, 0b110_000_000));
        Assert.Equal((UnixFileMode)0b110_000_000, (await TestVolume.MetadataAsync(file)).UnixMode);
        Assert.Equal(NtStatus.Success, await SetModeAsync(file, (uint)mode));
        Assert.Equal(Usual, (await TestVolume.MetadataAsync(file)).UnixMode);
        await file.CloseAsync();

        // A directory may be sticky: that takes rights from local users and gives none.
        var directory = await CreateAsync(volume, "directory", mode, CreateOptions.DirectoryFile);
        Assert.Equal(Usual | (mode & UnixFileMode.StickyBit), (await TestVolume.MetadataAsync(directory)).UnixMode);
        Assert.Equal(NtStatus.Success, await SetModeAsync(directory, (uint)mode));
        Assert.Equal(Usual | (mode & UnixFileMode.StickyBit), (await TestVolume.MetadataAsync(directory)).UnixMode);
        await directory.CloseAsync();
        volume.AssertEmpty();
    }

    [Fact]
    public async Task What_an_administrator_set_on_a_directory_stays_and_is_passed_on()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var volume = Open(physical: true);
        var parent = Path.Join(_folder.Path, "parent");
        Directory.CreateDirectory(parent);
        File.SetUnixFileMode(parent, Usual | UnixFileMode.SetGroup);
        var open = await volume.OpenAsync("parent");
        Assert.Equal(NtStatus.Success, await SetModeAsync(open, 0b111_000_000));
        await open.CloseAsync();
        Assert.Equal((UnixFileMode)0b111_000_000 | UnixFileMode.SetGroup, File.GetUnixFileMode(parent));

        await (await CreateAsync(volume, @"parent\child", Usual, CreateOptions.DirectoryFile)).CloseAsync();
        Assert.Equal(Usual | UnixFileMode.SetGroup, File.GetUnixFileMode(Path.Join(parent, "child")));
        await (await CreateAsync(volume, @"parent\file", Usual)).CloseAsync();
        Assert.Equal(Usual, File.GetUnixFileMode(Path.Join(parent, "file")));
    }

    [Theory]
    [InlineData("write")]
    [InlineData("cut")]
    [InlineData("overwrite")]
    [InlineData("zero")]
    [InlineData("copy")]
    [InlineData("chmod")]
    public async Task A_program_that_changes_runs_as_nobody_else(string change)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var volume = Open(physical: true);
        var path = Path.Join(_folder.Path, "program");
        File.WriteAllText(path, "program");
        File.WriteAllText(Path.Join(_folder.Path, "other"), "another");
        File.SetUnixFileMode(path, Usual | SetIds);
        var disposition = change == "overwrite" ? CreateDisposition.Overwrite : CreateDisposition.Open;
        var open = await volume.OpenAsync("program", disposition);
        var other = await volume.OpenAsync("other", CreateDisposition.Open);
        Assert.Equal(change == "overwrite" ? Usual : Usual | SetIds, File.GetUnixFileMode(path)); // opening it changes nothing
        var status = change switch
        {
            "write" => await TestVolume.WriteAsync(open, 0, 1, 2, 3),
            "cut" => await open.SetEndOfFileAsync(1, None),
            "zero" => await open.ZeroAsync(0, 3, None),
            "copy" => await open.CopyFromAsync(other, 0, 0, 7, None),
            "chmod" => await SetModeAsync(open, (uint)Usual),
            _ => NtStatus.Success,
        };
        Assert.Equal(NtStatus.Success, status);
        Assert.Equal(Usual, File.GetUnixFileMode(path));
        await open.CloseAsync();
        await other.CloseAsync();
    }

    [Theory]
    [InlineData(0x80000025)] // IO_REPARSE_TAG_LX_CHR
    [InlineData(0x80000026)] // IO_REPARSE_TAG_LX_BLK
    [InlineData(0x80000014)] // IO_REPARSE_TAG_NFS
    public async Task A_reparse_point_that_speaks_of_a_device_is_a_plain_file_on_the_disk(uint tag)
    {
        var volume = Open(physical: true);
        if (!volume.Volume.Store.Traits.Has(StoreAbilities.ReparsePoints))
        {
            return;
        }

        var open = await volume.OpenAsync("device");
        byte[] data = [.. BitConverter.GetBytes(tag), 16, 0, 0, 0, .. BitConverter.GetBytes(0x524843UL), 1, 0, 0, 0, 3, 0, 0, 0];
        Assert.Equal(NtStatus.Success, await open.SetReparsePointAsync(new ReparsePoint(data), None));
        await open.CloseAsync();
        var info = new FileInfo(Path.Join(_folder.Path, "device"));
        Assert.Null(info.LinkTarget);
        Assert.Equal((FileAttributes)0, info.Attributes & (FileAttributes.Device | FileAttributes.ReparsePoint));
        Assert.Empty(File.ReadAllBytes(info.FullName)); // a device would have been opened
    }

    private static async Task<NtStatus> SetModeAsync(FileOpen open, uint mode) => await open.SetSecurityAsync(
        SecurityInformation.Dacl,
        new SecurityDescriptor { HasDacl = true, Dacl = new Acl([Ace.Allow(new Sid(5, 88, 3, mode), FileAccessMask.None)]) }.ToArray(),
        None);

    private static async Task<FileOpen> CreateAsync(TestVolume volume, string path, UnixFileMode mode, CreateOptions options = 0)
    {
        var outcome = await volume.Volume.CreateAsync(
            new CreateParameters
            {
                Path = path.Replace('\\', '/'),
                Caller = TestVolume.Alice,
                DesiredAccess = TestVolume.All,
                ShareAccess = ShareAccess.All,
                Disposition = CreateDisposition.Create,
                Options = options,
                IsPosix = true,
                UnixMode = mode,
            },
            None);
        Assert.Equal(NtStatus.Success, outcome.Status);
        return outcome.Open!;
    }

    private TestVolume Open(bool physical) => new(_ => physical
        ? new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { CaseSensitive = true })
        : new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = true }));
}
