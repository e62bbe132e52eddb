using System.Buffers.Binary;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Posix;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Linux.Attributes;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Tests.Storage;
using Xunit;

using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

/// <summary>
/// The attributes in which a folder keeps owner, rights and streams: no client can name them, and what another program writes there is not
/// believed.
/// </summary>
public sealed class ReservedAttributeTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly RecordingLogger _log = new();
    private readonly PhysicalFileStore _store;
    private readonly TestVolume _volume;

    public ReservedAttributeTests()
    {
        _store = new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Logger = _log });
        _volume = new TestVolume(_ => _store);
    }

    public static TheoryData<string> Spellings => new(
        "smb3.sd", "SMB3.SD", "Smb3.Sd", "smb3.dos", "smb3.reparse", "smb3.objectid", "smb3.owner", "smb3.stream.x", "smb3.stream.:00", "smb3.",
        "smb3.anything", "user.smb3.sd", "USER.SMB3.SD", "user.user.smb3.sd", "smb3.sd.", "smb3.sd ", "smb3.sd\0", "smb3.sd\0x");

    private bool HasAttributes => _store.Traits.Has(StoreAbilities.ExtendedAttributes);

    public void Dispose()
    {
        _store.Dispose();
        _folder.Delete();
    }

    [Theory]
    [MemberData(nameof(Spellings))]
    public async Task No_spelling_of_a_reserved_name_is_set_or_shown(string name)
    {
        if (!HasAttributes)
        {
            return;
        }

        await _volume.MakeAsync("file");
        var before = DiskAttributes.List(OnDisk("file"));
        var open = await _volume.OpenAsync("file");
        ExtendedAttribute[] changes = [new("HARMLESS", new byte[] { 1 }), new(name, new byte[] { 1 })];
        Assert.Equal(NtStatus.InvalidEaName, await open.SetExtendedAttributesAsync(changes, None));
        Assert.Equal(NtStatus.InvalidEaName, await open.SetExtendedAttributesAsync([new(name, default)], None));
        Assert.Equal(before, DiskAttributes.List(OnDisk("file")));
        Assert.Empty((await open.GetExtendedAttributesAsync(None)).Value);
        await open.CloseAsync();

        foreach (var path in new[] { "file", "new", "new:stream", "file:stream" })
        {
            var made = await _volume.Volume.CreateAsync(
                new CreateParameters
                {
                    Path = path,
                    Caller = Alice,
                    DesiredAccess = TestVolume.All,
                    Disposition = CreateDisposition.OverwriteIf,
                    ExtendedAttributes = changes,
                },
                None);
            Assert.Equal(NtStatus.InvalidEaName, made.Status);
        }

        Assert.False(File.Exists(OnDisk("new")));
        _volume.AssertEmpty();
    }

    [Theory]
    [InlineData("smb3.sd")]
    [InlineData("SMB3.SD")]
    public async Task The_store_itself_takes_no_reserved_name_either(string name)
    {
        if (!HasAttributes)
        {
            return;
        }

        var made = await _store.CreateAsync(new StorePath("file"), default, None);
        await using var file = made.Value;
        Assert.Equal(
            NtStatus.InvalidEaName,
            await ((IExtendedAttributeFile)file).SetExtendedAttributesAsync([new ExtendedAttribute(name, new byte[] { 1 })], None));
        Assert.DoesNotContain(DiskAttributes.List(OnDisk("file")), one => one.EndsWith(".sd", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_descriptor_that_is_none_lets_administrators_in_and_nobody_else()
    {
        if (!HasAttributes)
        {
            return;
        }

        foreach (var bytes in new byte[][] { [1], new byte[20], [.. Enumerable.Repeat((byte)0xFF, 300)], [1, 0, 4, 0x80, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0] })
        {
            File.WriteAllText(OnDisk("file"), "x");
            DiskAttributes.Set(OnDisk("file"), "user.smb3.sd", bytes);
            Assert.Equal(NtStatus.AccessDenied, (await _volume.CreateAsync("file", CreateDisposition.Open, FileAccessMask.ReadData)).Status);
            Assert.Equal(NtStatus.AccessDenied, (await _volume.CreateAsync("file", CreateDisposition.Open, FileAccessMask.WriteDac)).Status);

            // Who administers the server mends it.
            var outcome = await _volume.CreateAsync("file", CreateDisposition.Open, caller: TestVolume.Administrator);
            Assert.Equal(NtStatus.Success, outcome.Status);
            var descriptor = new SecurityDescriptor
            {
                Owner = Alice.User, HasDacl = true, Dacl = new Acl([Ace.Allow(Alice.User, TestVolume.All)]),
            };
            Assert.Equal(
                NtStatus.Success,
                await outcome.Open!.SetSecurityAsync(SecurityInformation.Owner | SecurityInformation.Dacl, descriptor.ToArray(), None));
            await outcome.Open!.CloseAsync();
            Assert.Equal(NtStatus.Success, (await _volume.StatusAsync("file")));
            File.Delete(OnDisk("file"));
        }

        AssertTold("user.smb3.sd");
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_record_that_is_none_is_as_if_it_were_not_there()
    {
        if (!HasAttributes)
        {
            return;
        }

        var valid = new byte[36];
        valid[0] = 1;
        foreach (var bytes in new byte[][]
        {
            [], [1], [2, .. valid[1..]], [.. valid, 0], [.. valid[..4], 0xFF, 0xFF, 0xFF, 0xFF, .. valid[8..]],
            [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, .. valid[16..]],
        })
        {
            File.WriteAllText(OnDisk("file"), "x");
            DiskAttributes.Set(OnDisk("file"), "user.smb3.dos", bytes);
            var open = await _volume.OpenAsync("file", CreateDisposition.Open);
            Assert.Equal(FileAttributes.Archive, (await MetadataAsync(open)).Attributes);
            await open.CloseAsync();
            File.Delete(OnDisk("file"));
        }

        AssertTold("user.smb3.dos");

        // A record makes no directory of a file.
        File.WriteAllText(OnDisk("file"), "x");
        valid[4] = (byte)(FileAttributes.Directory | FileAttributes.Hidden);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.dos", valid);
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file", options: CreateOptions.NonDirectoryFile));
    }

    [Fact]
    public async Task A_reparse_point_that_is_none_is_a_plain_file()
    {
        if (!HasAttributes)
        {
            return;
        }

        const uint Tag = ReparsePoint.Symlink;
        var record = new byte[36];
        record[0] = 1;
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), (uint)FileAttributes.ReparsePoint);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(32), Tag);
        byte[] good = [0x0C, 0, 0, 0xA0, 4, 0, 0, 0, 1, 2, 3, 4];
        foreach (var bytes in new byte[]?[] { null, [], good[..4], good[..8], [.. good, 0], [0x0D, .. good[1..]], new byte[17_000] })
        {
            File.WriteAllText(OnDisk("file"), "x");
            try
            {
                if (bytes is not null)
                {
                    DiskAttributes.Set(OnDisk("file"), "user.smb3.reparse", bytes);
                }
            }
            catch (IOException)
            {
                continue; // more than this file system takes
            }

            DiskAttributes.Set(OnDisk("file"), "user.smb3.dos", record);
            var open = await _volume.OpenAsync("file", CreateDisposition.Open);
            var metadata = await MetadataAsync(open);
            Assert.Equal((0u, (FileAttributes)0), (metadata.ReparseTag, metadata.Attributes & FileAttributes.ReparsePoint));
            Assert.Equal(NtStatus.NotAReparsePoint, (await open.GetReparsePointAsync(None)).Status);
            await open.CloseAsync();
            File.Delete(OnDisk("file"));
        }

        AssertTold("user.smb3.reparse");
    }

    [Fact]
    public async Task An_object_id_and_streams_that_are_none_are_left_out()
    {
        if (!HasAttributes)
        {
            return;
        }

        File.WriteAllText(OnDisk("file"), "x");
        DiskAttributes.Set(OnDisk("file"), "user.smb3.objectid", 1, 2, 3);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.short", 1);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.version", 9, 0, 0, 0, 1);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.a/b", 1, 0, 0, 0, 1);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.a\\b", 1, 0, 0, 0, 1);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.", 1, 0, 0, 0, 1);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.:00", 1, 0, 4, 0, (byte)'.', 0, (byte)'\\', 0);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.noid", 2, 0, 0, 0, 1, 2, 3);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.stream.good", 1, 0, 0, 0, 1, 2, 3);
        DiskAttributes.Set(OnDisk("file"), "user.smb3.owner", 1);
        var open = await _volume.OpenAsync("file", CreateDisposition.Open);
        Assert.Empty((await open.GetObjectIdAsync(None)).Value.ToArray());
        Assert.Equal("good", Assert.Single((await open.ListStreamsAsync(None)).Value).Name);
        await open.CloseAsync();
        Assert.Equal(NtStatus.ObjectNameNotFound, await _volume.StatusAsync("file:short"));
        Assert.Equal(NtStatus.Success, await _volume.StatusAsync("file:good"));
        foreach (var name in new[] { "objectid", "stream.short", "stream.version", "stream.a/b", "stream.noid" })
        {
            AssertTold("user.smb3." + name);
        }

        _volume.AssertEmpty();
    }

    [Fact]
    public async Task What_is_ignored_is_told_once_and_on_one_line()
    {
        if (!HasAttributes)
        {
            return;
        }

        var name = "two\nlines";
        File.WriteAllText(OnDisk(name), "x");
        DiskAttributes.Set(OnDisk(name), "user.smb3.dos", 1);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(NtStatus.Success, await _volume.StatusAsync("two\uF00Alines"));
        }

        var line = Assert.Single(_log.Entries).Text;
        Assert.DoesNotContain('\n', line);
        Assert.Contains("two\\x0Alines", line, StringComparison.Ordinal);
    }

    private string OnDisk(string name) => Path.Join(_folder.Path, name);

    private void AssertTold(string attribute) =>
        Assert.Contains(_log.Entries, entry => entry.Text.Contains($"attribute {attribute} is malformed", StringComparison.Ordinal));
}
