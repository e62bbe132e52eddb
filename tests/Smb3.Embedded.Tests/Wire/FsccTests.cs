using FsCheck;
using FsCheck.Fluent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Wire;

/// <summary>Information classes: what a strict client reads, at every length of its output buffer.</summary>
public sealed class FsccTests
{
    private static readonly FileNetworkOpenInformation File = new()
    {
        CreationTime = new FileTime(1),
        LastAccessTime = new FileTime(2),
        LastWriteTime = new FileTime(3),
        ChangeTime = new FileTime(4),
        AllocationSize = 4096,
        EndOfFile = 100,
        Attributes = FileAttributes.Archive,
    };

    private static readonly FileInformation Information = new()
    {
        File = File,
        FileId = 0x1122334455667788,
        VolumeSerialNumber = 9,
        LinkCount = 2,
        DeletePending = true,
        EaSize = 5,
        ReparseTag = 6,
        GrantedAccess = FileAccessMask.Delete,
        Mode = CreateOptions.WriteThrough,
        Position = 7,
        AlignmentRequirement = 1,
    };

    private static readonly FsInformation Volume = new()
    {
        VolumeCreationTime = new FileTime(1),
        VolumeSerialNumber = 2,
        TotalUnits = 3,
        CallerAvailableUnits = 4,
        ActualAvailableUnits = 5,
        SectorsPerUnit = 8,
        BytesPerSector = 512,
        Attributes = FileSystemAttributes.UnicodeOnDisk,
        MaxNameLength = 255,
        DeviceType = FsInformation.DiskDevice,
    };

    public static TheoryData<byte> DirectoryClasses => new(
        Enum.GetValues<FileInformationClass>().Where(value => DirectoryEntryWriter.FixedSize(value) != 0).Select(value => (byte)value));

    [Theory]
    [MemberData(nameof(DirectoryClasses))]
    public void Directory_entries_are_read_back_in_every_class(byte number)
    {
        var informationClass = (FileInformationClass)number;
        var buffer = new byte[1000];
        buffer.AsSpan().Fill(0xEE);
        var cursor = new EntryListCursor(DirectoryEntryWriter.Alignment);
        var entry = new DirectoryEntry { File = File, FileId = 77, EaSize = 5 };
        Assert.True(DirectoryEntryWriter.TryWrite(ref cursor, buffer, informationClass, entry, "a long name.text", "ALONGN~1.TEX"));
        Assert.True(DirectoryEntryWriter.TryWrite(ref cursor, buffer, informationClass, entry with { EaSize = 0 }, "b"));

        var files = ListReader.Directory(informationClass, buffer.AsSpan(0, cursor.Length));

        Assert.Equal(["a long name.text", "b"], files.Select(file => file.Name));
        if (informationClass != FileInformationClass.FileNamesInformation)
        {
            Assert.All(files, file => Assert.Equal(File, file.File));
            Assert.True(files[0].ShortName is "" or "ALONGN~1.TEX");
            Assert.True(files[0].FileId is 0 or 77);
            Assert.Equal(informationClass == FileInformationClass.FileDirectoryInformation ? 0u : 5u, files[0].EaSize);
        }
    }

    [Theory]
    [MemberData(nameof(DirectoryClasses))]
    public void Directory_entry_that_does_not_fit_changes_nothing(byte number)
    {
        var informationClass = (FileInformationClass)number;
        var entry = new DirectoryEntry { File = File };
        var first = new EntryListCursor(DirectoryEntryWriter.Alignment);
        var probe = new byte[1000];
        DirectoryEntryWriter.TryWrite(ref first, probe, informationClass, entry, "abc");
        var needed = first.Length;

        for (var length = 0; length < 2 * (needed + 7); length++)
        {
            var buffer = new byte[length];
            var cursor = new EntryListCursor(DirectoryEntryWriter.Alignment);
            while (DirectoryEntryWriter.TryWrite(ref cursor, buffer, informationClass, entry, "abc"))
            {
            }

            Assert.Equal(cursor.Count, ListReader.Directory(informationClass, buffer.AsSpan(0, cursor.Length)).Count);
            Assert.Equal(length < needed ? 0 : (length < LittleEndian.Align8(needed) + needed ? 1 : 2), cursor.Count);
        }
    }

    [Fact]
    public void Reparse_point_shows_its_tag_where_the_class_has_no_field_for_it()
    {
        var buffer = new byte[200];
        var cursor = new EntryListCursor(DirectoryEntryWriter.Alignment);
        var entry = new DirectoryEntry
        {
            File = File with { Attributes = FileAttributes.ReparsePoint },
            EaSize = 5,
            ReparseTag = ReparseDataBuffer.SymlinkTag,
        };
        DirectoryEntryWriter.TryWrite(ref cursor, buffer, FileInformationClass.FileIdBothDirectoryInformation, entry, "link");

        var file = ListReader.Directory(FileInformationClass.FileIdBothDirectoryInformation, buffer.AsSpan(0, cursor.Length)).Single();

        Assert.Equal(ReparseDataBuffer.SymlinkTag, file.EaSize);
    }

    [Fact]
    public void Every_file_class_keeps_to_the_buffer_at_every_length()
    {
        foreach (var informationClass in Enum.GetValues<FileInformationClass>())
        {
            var largest = new byte[256];
            var known = FileInformationWriter.Write(informationClass, Information, @"\name", largest, out var full);
            for (var length = 0; length < 256; length++)
            {
                var status = FileInformationWriter.Write(informationClass, Information, @"\name", new byte[length], out var written);
                Assert.True(written <= length);
                if (known == NtStatus.InvalidInfoClass)
                {
                    Assert.Equal(NtStatus.InvalidInfoClass, status);
                }
                else if (length >= full)
                {
                    Assert.Equal((NtStatus.Success, full), (status, written));
                }
                else
                {
                    Assert.True(status is NtStatus.InfoLengthMismatch or NtStatus.BufferOverflow);
                    Assert.Equal(status == NtStatus.InfoLengthMismatch, written == 0);
                }
            }
        }
    }

    [Fact]
    public void All_information_is_the_classes_one_after_the_other()
    {
        var buffer = new byte[200];
        buffer.AsSpan().Fill(0xEE);
        var status = FileInformationWriter.Write(FileInformationClass.FileAllInformation, Information, @"\name", buffer, out var written);
        ReadOnlySpan<byte> all = buffer;

        Assert.Equal((NtStatus.Success, 110), (status, written));
        Assert.Equal((1, 2, 3, 4), (all.Int64(0), all.Int64(8), all.Int64(16), all.Int64(24)));
        Assert.Equal((uint)FileAttributes.Archive, all.UInt32(32));
        Assert.Equal((4096, 100, 2u, (byte)1, (byte)0), (all.Int64(40), all.Int64(48), all.UInt32(56), all[60], all[61]));
        Assert.Equal((0x1122334455667788ul, 5u, (uint)FileAccessMask.Delete), (all.UInt64(64), all.UInt32(72), all.UInt32(76)));
        Assert.Equal((7, 2u, 1u, 10u), (all.Int64(80), all.UInt32(88), all.UInt32(92), all.UInt32(96)));
        Assert.Equal(@"\name", all.Slice(100, 10).Utf16());
    }

    [Fact]
    public void Name_that_does_not_fit_is_cut_off_and_tells_its_whole_length()
    {
        var buffer = new byte[104];
        var status = FileInformationWriter.Write(FileInformationClass.FileAllInformation, Information, @"\name", buffer, out var written);

        Assert.Equal((NtStatus.BufferOverflow, 104), (status, written));
        Assert.Equal(10u, ((ReadOnlySpan<byte>)buffer).UInt32(96));
    }

    [Fact]
    public void Every_volume_class_keeps_to_the_buffer_at_every_length()
    {
        foreach (var informationClass in Enum.GetValues<FsInformationClass>())
        {
            var known = FsInformationWriter.Write(informationClass, Volume, "label", "NTFS", new byte[100], out var full);
            for (var length = 0; length < 100; length++)
            {
                var status = FsInformationWriter.Write(informationClass, Volume, "label", "NTFS", new byte[length], out var written);
                Assert.True(written <= length);
                Assert.True(
                    known == NtStatus.InvalidInfoClass
                        ? status == NtStatus.InvalidInfoClass
                        : length >= full ? status == NtStatus.Success : status is NtStatus.InfoLengthMismatch or NtStatus.BufferOverflow);
            }
        }
    }

    [Fact]
    public void Volume_and_attributes_are_read_back()
    {
        var buffer = new byte[100];
        buffer.AsSpan().Fill(0xEE);
        ReadOnlySpan<byte> read = buffer;
        FsInformationWriter.Write(FsInformationClass.FileFsVolumeInformation, Volume, "label", "NTFS", buffer, out var written);
        Assert.Equal((28, 1, 2u, 10u, (ushort)0), (written, read.Int64(0), read.UInt32(8), read.UInt32(12), read.UInt16(16)));
        Assert.Equal("label", read.Slice(18, 10).Utf16());

        FsInformationWriter.Write(FsInformationClass.FileFsAttributeInformation, Volume, "label", "NTFS", buffer, out written);
        Assert.Equal((20, (uint)FileSystemAttributes.UnicodeOnDisk, 255u, 8u), (written, read.UInt32(0), read.UInt32(4), read.UInt32(8)));
        Assert.Equal("NTFS", read.Slice(12, 8).Utf16());

        FsInformationWriter.Write(FsInformationClass.FileFsFullSizeInformation, Volume, "label", "NTFS", buffer, out written);
        Assert.Equal((32, 3, 4, 5, 8u, 512u), (written, read.Int64(0), read.Int64(8), read.Int64(16), read.UInt32(24), read.UInt32(28)));
    }

    [Fact]
    public void Any_list_of_changes_comes_through() =>
        Check.QuickThrowOnFailure(Prop.ForAll<string[]>(names =>
        {
            var given = (names ?? []).Select(name => name ?? string.Empty).ToArray();
            var buffer = new byte[given.Sum(name => (name.Length * 2) + 16)];
            var cursor = new EntryListCursor(NotifyInformationWriter.Alignment);
            foreach (var name in given)
            {
                if (!NotifyInformationWriter.TryWrite(ref cursor, buffer, ChangeAction.Modified, name))
                {
                    return false;
                }
            }

            return ListReader.Changes(buffer.AsSpan(0, cursor.Length)).Select(change => change.Name).SequenceEqual(given);
        }));

    [Fact]
    public void Streams_come_through()
    {
        var buffer = new byte[200];
        var cursor = new EntryListCursor(StreamInformationWriter.Alignment);
        Assert.True(StreamInformationWriter.TryWrite(ref cursor, buffer, "::$DATA", 5, 8));
        Assert.True(StreamInformationWriter.TryWrite(ref cursor, buffer, ":one:$DATA", 6, 16));

        Assert.Equal([("::$DATA", 5, 8), (":one:$DATA", 6, 16)], ListReader.Streams(buffer.AsSpan(0, cursor.Length)));
    }

    [Fact]
    public void Extended_attributes_come_through()
    {
        var list = SetBuffer.FullEa(("one"u8.ToArray(), [1, 2]), ("longer.name"u8.ToArray(), []));

        Assert.True(FullEaList.TryParse(list, out var parsed, out _));
        var read = new List<(string, byte[])>();
        foreach (var attribute in parsed)
        {
            read.Add((System.Text.Encoding.ASCII.GetString(attribute.Name), attribute.Value.ToArray()));
        }

        Assert.Equal(2, read.Count);
        Assert.Equal(("one", 2), (read[0].Item1, read[0].Item2.Length));
        Assert.Equal(("longer.name", 0), (read[1].Item1, read[1].Item2.Length));
        Assert.False(FullEaList.TryParse(list.Patched(5, 200), out _, out _));
    }

    [Fact]
    public void Renames_are_read_in_both_forms()
    {
        Assert.True(RenameInformation.TryParse(SetBuffer.Rename("b", replaceIfExists: true), extended: false, out var rename));
        Assert.Equal((true, 0ul, "b"), (rename.ReplaceIfExists, rename.RootDirectory, rename.GetName()));
        Assert.True(RenameInformation.TryParse(
            SetBuffer.RenameEx("c", RenameFlags.PosixSemantics | RenameFlags.ReplaceIfExists), extended: true, out var extended));
        Assert.Equal((RenameFlags.PosixSemantics | RenameFlags.ReplaceIfExists, "c"), (extended.Flags, extended.GetName()));
    }

    [Fact]
    public void Times_of_a_set_are_raw()
    {
        var given = new BasicInformation(0, -1, -2, 5, FileAttributes.Hidden);

        Assert.True(BasicInformation.TryParse(SetBuffer.Basic(given), out var read));
        Assert.Equal(given, read);
        Assert.False(BasicInformation.TryParse(SetBuffer.Basic(given).AsSpan(0, 39), out _));
    }

    [Fact]
    public void Symlink_target_comes_through()
    {
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(9, 5)];
        Assert.Equal(buffer.Length, ReparseDataBuffer.WriteSymlink(buffer, @"..\target", "shown", isRelative: true));

        Assert.True(ReparseDataBuffer.TryParse(buffer, out var reparse));
        Assert.True(reparse.TryGetSymlink(out var target, out var print, out var isRelative));
        Assert.Equal((@"..\target", "shown", true), (target, print, isRelative));
        Assert.False(ReparseDataBuffer.TryParse(buffer.AsSpan(0, buffer.Length - 1), out _));
    }

    [Fact]
    public void An_offload_token_is_told_from_others()
    {
        var token = new byte[OffloadToken.Size];
        byte[] id = [.. Enumerable.Range(1, OffloadToken.IdSize).Select(value => (byte)value)];
        OffloadToken.WriteId(token, id);
        Assert.True(OffloadToken.TryGetId(token, out var read));
        Assert.Equal(id, read.ToArray());
        Assert.False(OffloadToken.IsZeroData(token));
        Assert.Equal([0x01, 0xF8], token[6..8]);
        token[^1] = 1;
        Assert.False(OffloadToken.TryGetId(token, out _));

        OffloadToken.WriteZeroData(token);
        Assert.Equal([0xFF, 0xFF, 0x00, 0x01, 0, 0, 0x01, 0xF8], token[..8]);
        Assert.True(OffloadToken.IsZeroData(token));
        Assert.False(OffloadToken.TryGetId(token, out _));
    }
}
