using System.Buffers.Binary;
using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Info;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What Finder, copyfile(3) and chmod(1) rely on; docs/macos.md says it in words.</summary>
public sealed class MacTests : ProtocolTest
{
    private const string Information = "file:AFP_AfpInfo";
    private const string Fork = "file:AFP_Resource";

    [Theory]
    [InlineData(0, 1, false)]
    [InlineData(0, 2, false)]
    [InlineData(0, 3, true)]
    [InlineData(0, 8, true)]
    [InlineData(0, 59, true)]
    [InlineData(0, 60, true)]
    [InlineData(0, 61, true)]
    [InlineData(0, 1024, true)]
    [InlineData(1, 59, false)]
    [InlineData(1, 60, true)]
    [InlineData(60, 1, false)]
    public async Task Finder_info_is_written_whole_whatever_is_sent_of_it(ulong offset, int length, bool isTaken)
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync(Information);
        byte[] data = [.. MacFiles.Information("TYPECREA"), .. new byte[1000]];
        Assert.Equal(isTaken ? NtStatus.Success : NtStatus.InvalidParameter, await file.TryWriteAsync(offset, data[..length]));
        var expected = MacFiles.Information();
        if (isTaken)
        {
            data.AsSpan(0, Math.Min(length, 60)).CopyTo(expected);
        }

        Assert.Equal(expected, await file.ReadAsync(0, 100));
        Assert.Equal(expected[16..24], await file.ReadAsync(16, 8));
        await MacFiles.ExpectReadAsync(file, 60, NtStatus.EndOfFile);
        await file.CloseAsync();
    }

    [Theory]
    [InlineData(0)] // the signature
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)] // the version
    [InlineData(6)]
    [InlineData(7)]
    public async Task What_is_no_Finder_info_is_not_written(int wrong)
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, Information, MacFiles.Information("TYPECREA"));
        var file = await tree.OpenAsync(Information, CreateDisposition.Open);
        var data = MacFiles.Information("WRONGONE");
        data[wrong] ^= 0x40;
        Assert.Equal(NtStatus.InvalidParameter, await file.TryWriteAsync(0, data));
        Assert.Equal(MacFiles.Information("TYPECREA"), await file.ReadAsync(0, 60));
        await file.CloseAsync();
    }

    [Theory]
    [InlineData(61, NtStatus.AllottedSpaceExceeded)]
    [InlineData(60, NtStatus.Success)]
    [InlineData(1, NtStatus.Success)]
    [InlineData(0, NtStatus.Success)]
    public async Task Finder_info_has_one_length(long end, NtStatus status)
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, Information, MacFiles.Information("TYPECREA"));
        var file = await tree.OpenAsync(Information, CreateDisposition.Open);
        Assert.Equal(status, await MacFiles.SetAsync(file, FileInformationClass.FileEndOfFileInformation, BitConverter.GetBytes(end)));
        await file.CloseAsync();
        Assert.Equal(MacFiles.Information("TYPECREA"), await MacFiles.GetAsync(tree, Information, 100));
    }

    [Fact]
    public async Task No_other_way_to_change_data_gets_around_the_form_of_Finder_info()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, Information, MacFiles.Information("TYPECREA"));
        await MacFiles.PutAsync(tree, "other", [.. Enumerable.Repeat((byte)7, 4096)]);
        var file = await tree.OpenAsync(Information, CreateDisposition.Open);
        var other = await tree.OpenAsync("other", CreateDisposition.Open);
        var key = await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SrvRequestResumeKey, other.FileId, [], 32));
        var source = IoctlAnswer.Parse(key.Expect(NtStatus.Success).Message).Output.AsSpan(0, 24).ToArray();
        foreach (var (code, input) in new[]
        {
            (FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(source, new CopyChunk(0, 0, 60))),
            (FsControlCode.SetZeroData, FsctlInput.Range(0, 60)),
            (FsControlCode.DuplicateExtentsToFile, FsctlInput.DuplicateExtents(other.FileId, 0, 0, 4096)),
        })
        {
            var response = await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, input, 64));
            Assert.NotEqual(NtStatus.Success, response.Status);
            Assert.Equal(MacFiles.Information("TYPECREA"), await file.ReadAsync(0, 100));
        }

        await other.CloseAsync();
        await file.CloseAsync();
    }

    [Fact]
    public async Task A_stream_of_a_Mac_without_anything_in_it_is_none()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, "file", [1]);
        foreach (var name in new[] { Information, Fork })
        {
            // Made and not written.
            var made = await tree.OpenAsync(name);
            Assert.Equal(["::$DATA"], await MacFiles.StreamsAsync(tree, "file"));
            Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync(name));
            await made.CloseAsync();
            Assert.Equal(0, await StoredStreamsAsync());
        }

        // Written, and taken back.
        await MacFiles.PutAsync(tree, Information, MacFiles.Information("TYPECREA"));
        await MacFiles.PutAsync(tree, Fork, [1, 2, 3]);
        Assert.Equal(["::$DATA", ":AFP_AfpInfo:$DATA", ":AFP_Resource:$DATA"], await MacFiles.StreamsAsync(tree, "file"));
        await MacFiles.PutAsync(tree, Information, MacFiles.Information());
        var fork = await tree.OpenAsync(Fork, CreateDisposition.Open);
        Assert.Equal(
            NtStatus.Success, await MacFiles.SetAsync(fork, FileInformationClass.FileEndOfFileInformation, BitConverter.GetBytes(0L)));
        Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync(Fork));
        await fork.CloseAsync();
        Assert.Equal(["::$DATA"], await MacFiles.StreamsAsync(tree, "file"));
        Assert.Equal(0, await StoredStreamsAsync());
    }

    [Fact]
    public async Task A_stream_stays_when_another_open_has_filled_it()
    {
        var tree = await Server.ConnectToAsync();
        var first = await tree.OpenAsync(Fork);
        var second = await tree.OpenAsync(Fork);
        await first.WriteAsync(0, [1, 2, 3]);
        await first.CloseAsync();
        await second.CloseAsync();
        Assert.Equal([1, 2, 3], await MacFiles.GetAsync(tree, Fork, 10));

        // Whoever only reads deletes nothing.
        first = await tree.OpenAsync(Fork, CreateDisposition.Open);
        await MacFiles.SetAsync(first, FileInformationClass.FileEndOfFileInformation, BitConverter.GetBytes(0L));
        var reader = await tree.OpenAsync(Fork, CreateDisposition.OpenIf, FileAccessMask.FileGenericRead);
        await first.CloseAsync();
        await reader.CloseAsync();
        Assert.Equal(1, await StoredStreamsAsync());
    }

    [Fact]
    public async Task For_a_Mac_no_stream_is_empty_and_for_others_their_own_are()
    {
        var windows = await Server.ConnectToAsync();
        var made = await windows.OpenAsync("file:tag");
        Assert.Equal(NtStatus.Success, await windows.TryOpenAsync("file:tag"));
        var mac = await Server.ConnectToAsync();
        await MacFiles.GreetAsync(mac);
        Assert.Equal(NtStatus.ObjectNameNotFound, await mac.TryOpenAsync("file:tag"));
        Assert.Equal(NtStatus.Success, await mac.TryOpenAsync("file:tag", CreateDisposition.OpenIf));
        await made.CloseAsync();
        Assert.Equal(["::$DATA", ":tag:$DATA"], await MacFiles.StreamsAsync(windows, "file"));
    }

    [Fact]
    public async Task Copyfile_copies_all_that_belongs_to_a_file()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.GreetAsync(tree);
        var data = Pattern((3 << 20) + 17);
        await MacFiles.PutAsync(tree, "file", data);
        await MacFiles.PutAsync(tree, Information, MacFiles.Information("TYPECREA"));
        await MacFiles.PutAsync(tree, Fork, Pattern(70_000));
        await MacFiles.PutAsync(tree, "file:com.apple.metadata\uF022_kMDItem", [9, 8, 7]);
        var source = await tree.OpenAsync("file", CreateDisposition.Open);
        await MacFiles.SetAsync(source, FileInformationClass.FileBasicInformation, SetBuffer.Basic(new BasicInformation(0, 0, 130_000_000_000_000_000, 0, 0)));
        await MacFiles.PutAsync(tree, "copy", Pattern(4 << 20)); // longer
        var target = await tree.OpenAsync("copy");
        var response = await MacFiles.CopyWholeAsync(source, target);
        Assert.Equal(NtStatus.Success, response.Status);
        Assert.Equal((uint)data.Length, BitConverter.ToUInt32(IoctlAnswer.Parse(response.Message).Output, 8));
        await source.CloseAsync();
        await target.CloseAsync();

        Assert.Equal(data, await MacFiles.GetAsync(tree, "copy", 5 << 20));
        Assert.Equal(MacFiles.Information("TYPECREA"), await MacFiles.GetAsync(tree, "copy:AFP_AfpInfo", 100));
        Assert.Equal(Pattern(70_000), await MacFiles.GetAsync(tree, "copy:AFP_Resource", 100_000));
        Assert.Equal([9, 8, 7], await MacFiles.GetAsync(tree, "copy:com.apple.metadata\uF022_kMDItem", 100));
        target = await tree.OpenAsync("copy", CreateDisposition.Open);
        Assert.Equal(130_000_000_000_000_000, target.Answer.File.LastWriteTime.Ticks);
        await target.CloseAsync();
    }

    [Fact]
    public async Task Copyfile_reads_and_writes_no_more_than_the_opens_may()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.GreetAsync(tree);
        await MacFiles.PutAsync(tree, "file", [1]);
        await MacFiles.PutAsync(tree, "copy", [2]);
        var attributes = await tree.OpenAsync("file", CreateDisposition.Open, FileAccessMask.ReadAttributes);
        var source = await tree.OpenAsync("file", CreateDisposition.Open, FileAccessMask.FileGenericRead);
        var target = await tree.OpenAsync("copy", CreateDisposition.Open);
        var reader = await tree.OpenAsync("copy", CreateDisposition.Open, FileAccessMask.FileGenericRead);
        Assert.Equal(NtStatus.AccessDenied, (await MacFiles.CopyWholeAsync(attributes, target)).Status);
        Assert.Equal(NtStatus.AccessDenied, (await MacFiles.CopyWholeAsync(source, reader)).Status);
        Assert.Equal(NtStatus.InvalidParameter, (await MacFiles.CopyWholeAsync(target, target)).Status);
        Assert.Equal([2], await MacFiles.GetAsync(tree, "copy", 10));

        // A stream that somebody else keeps to themselves.
        await MacFiles.PutAsync(tree, Fork, [3]);
        var other = await (await Server.ConnectToAsync()).OpenAsync(Fork, CreateDisposition.Open, share: ShareAccess.None);
        Assert.Equal(NtStatus.SharingViolation, (await MacFiles.CopyWholeAsync(source, target)).Status);
        await other.CloseAsync();
        foreach (var file in new[] { attributes, source, target, reader })
        {
            await file.CloseAsync();
        }
    }

    [Fact]
    public async Task Without_a_Mac_a_copy_of_no_chunks_copies_nothing()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, "file", [1, 2]);
        var source = await tree.OpenAsync("file", CreateDisposition.Open);
        var target = await tree.OpenAsync("copy");
        Assert.Equal(NtStatus.Success, (await MacFiles.CopyWholeAsync(source, target)).Status);
        await MacFiles.ExpectReadAsync(target, 0, NtStatus.EndOfFile);
        await source.CloseAsync();
        await target.CloseAsync();
    }

    [Fact]
    public async Task Entries_tell_the_mode_and_whether_there_is_more_to_ask()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, "plain", [1]);
        await MacFiles.PutAsync(tree, "file", [1]);
        await MacFiles.PutAsync(tree, "file:tag", [1]);
        await SetModeAsync(tree, "file", 0b111_101_000);
        var agreed = await MacFiles.GreetAsync(tree);
        Assert.Equal(AppleServerCapabilities.ReadDirectoryAttributesV2, agreed & (AppleServerCapabilities)0x11);
        var file = await MacFiles.EntryAsync(tree, "file");
        var plain = await MacFiles.EntryAsync(tree, "plain");
        Assert.Equal(0x8000 | 0b111_101_000, BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(94)));
        Assert.Equal(0x8000, BinaryPrimitives.ReadUInt16LittleEndian(plain.AsSpan(94)) & 0xF000);
        Assert.Equal((0, 1), (BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(68)), BinaryPrimitives.ReadUInt16LittleEndian(plain.AsSpan(68))));

        // A Mac that knows the first version only, and no modes.
        agreed = await MacFiles.GreetAsync(tree, AppleServerCapabilities.ReadDirectoryAttributes);
        Assert.Equal(AppleServerCapabilities.ReadDirectoryAttributes, agreed & (AppleServerCapabilities)0x11);
        file = await MacFiles.EntryAsync(tree, "file");
        Assert.Equal((24, 0), (BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(68)), BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(94))));
    }

    [Fact]
    public async Task A_link_keeps_its_tag_where_others_have_their_access()
    {
        var tree = await Server.ConnectToAsync();
        var link = await tree.OpenAsync("link", options: CreateOptions.OpenReparsePoint);
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(6, 6)];
        ReparseDataBuffer.WriteSymlink(buffer, "target", "target", isRelative: true);
        var set = await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SetReparsePoint, link.FileId, buffer, 0));
        Assert.Equal(NtStatus.Success, set.Status);
        await link.CloseAsync();
        await MacFiles.GreetAsync(tree);
        var entry = await MacFiles.EntryAsync(tree, "link");
        Assert.Equal(0xA000000C, BinaryPrimitives.ReadUInt32LittleEndian(entry.AsSpan(64)));
        Assert.Equal(0xA1FF, BinaryPrimitives.ReadUInt16LittleEndian(entry.AsSpan(94)));
    }

    [Fact]
    public async Task Chmod_sets_the_mode_and_leaves_the_access_list_as_it_is()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, "file", [1]);
        var before = await SecurityAsync(tree, "file");
        await MacFiles.GreetAsync(tree);
        var shown = await SecurityAsync(tree, "file");
        Assert.Equal(before.Dacl!.Entries.Count + 1, shown.Dacl!.Entries.Count);
        Assert.True(shown.Dacl.Entries[^1].Sid is { Authority: 5, SubAuthorities: [88, 3, _] });

        // As chmod(1) of a Mac does: the list that it has read, with another mode; some send owner and group as well.
        Ace[] entries =
        [
            .. before.Dacl.Entries,
            Ace.Allow(new Sid(5, 88, 1, 501), FileAccessMask.None),
            Ace.Allow(new Sid(5, 88, 2, 20), FileAccessMask.None),
            Ace.Allow(new Sid(5, 88, 3, 0b101_100_000), FileAccessMask.None),
        ];
        Assert.Equal(NtStatus.Success, await SetSecurityAsync(tree, "file", shown with { Dacl = new Acl(entries) }));
        Assert.Equal(0b101_100_000, (int)(await ModeAsync(tree, "file") & 0xFFF));

        // With another list both are set, and nothing of the mode is kept in the list.
        var other = new Acl([Ace.Allow(new Sid(1, 0), FileAccessMask.FileAllAccess), .. entries[^3..^1], Ace.Allow(new Sid(5, 88, 3, 0b111_000_000), 0)]);
        Assert.Equal(NtStatus.Success, await SetSecurityAsync(tree, "file", shown with { Dacl = other }));
        Assert.Equal(0b111_000_000, (int)(await ModeAsync(tree, "file") & 0xFFF));
        var windows = await Server.ConnectToAsync();
        Assert.Equal([new Sid(1, 0)], (await SecurityAsync(windows, "file")).Dacl!.Entries.Select(entry => entry.Sid!));
    }

    [Fact]
    public async Task Others_find_the_mode_again_among_the_entries_that_they_have_set()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.PutAsync(tree, "file", [1]);
        var list = new Acl([Ace.Allow(new Sid(5, 88, 3, 0b111_000_000), FileAccessMask.None), Ace.Allow(new Sid(1, 0), FileAccessMask.FileAllAccess)]);
        Assert.Equal(NtStatus.Success, await SetSecurityAsync(tree, "file", new SecurityDescriptor { HasDacl = true, Dacl = list }));
        Assert.Equal(list.Entries.Select(entry => entry.Sid), (await SecurityAsync(tree, "file")).Dacl!.Entries.Select(entry => entry.Sid));
    }

    [Fact]
    public async Task Copies_of_whole_files_wait_for_each_other()
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.GreetAsync(tree);
        await MacFiles.PutAsync(tree, "file", Pattern(100_000));
        var source = await tree.OpenAsync("file", CreateDisposition.Open);
        var targets = new List<SmbTestFile>();
        for (var i = 0; i < 8; i++)
        {
            targets.Add(await tree.OpenAsync($"copy{i}"));
        }

        // While the turn is somebody else's, none of them begins; a CANCEL and the end of the session are heard.
        var session = Server.Graph.Sessions.Single();
        var copies = new List<Task<SmbTestResponse>>();
        using (await session.WholeCopies.EnterAsync(CancellationToken.None))
        {
            foreach (var target in targets)
            {
                copies.Add(MacFiles.CopyWholeAsync(source, target));
            }

            await Task.Delay(100);
            Assert.All(copies, copy => Assert.False(copy.IsCompleted));
        }

        foreach (var copy in copies)
        {
            Assert.Equal(NtStatus.Success, (await copy).Status);
        }

        foreach (var target in targets)
        {
            Assert.Equal(Pattern(100_000), await target.ReadAsync(0, 200_000));
            await target.CloseAsync();
        }

        await source.CloseAsync();
    }

    [Fact]
    public async Task A_Mac_renames_a_directory_with_what_is_open_in_it()
    {
        var mac = await Server.ConnectToAsync();
        await MacFiles.GreetAsync(mac);
        var windows = await Server.ConnectToAsync();
        await (await windows.OpenAsync("folder", options: CreateOptions.DirectoryFile)).CloseAsync();
        var file = await windows.OpenAsync(@"folder\file");
        foreach (var (tree, name, status) in new[] { (windows, "no", NtStatus.AccessDenied), (mac, "moved", NtStatus.Success) })
        {
            var folder = await tree.OpenAsync("folder", CreateDisposition.Open, options: CreateOptions.DirectoryFile);
            Assert.Equal(status, await MacFiles.SetAsync(folder, FileInformationClass.FileRenameInformation, SetBuffer.Rename(name)));
            await folder.CloseAsync();
        }

        await file.WriteAsync(0, [1, 2]);
        await file.CloseAsync();
        Assert.Equal([1, 2], await MacFiles.GetAsync(windows, @"moved\file", 10));
    }

    [Fact]
    public async Task A_share_without_support_for_Macs_treats_them_like_anybody()
    {
        Server.Graph.Shares.TryAdd(new Share
        {
            Name = "plain",
            Volume = new Volume(new MemoryFileStore(), new VolumeOptions { ServesMacs = false }),
        });
        var tree = await Server.ConnectToAsync("plain");
        Assert.Null(await MacFiles.GreetAsync(tree));
        await MacFiles.PutAsync(tree, Information, [1, 2, 3]);
        Assert.Equal([1, 2, 3], await MacFiles.GetAsync(tree, Information, 100));
        await (await tree.OpenAsync(Fork)).CloseAsync();
        Assert.Equal(["::$DATA", ":AFP_AfpInfo:$DATA", ":AFP_Resource:$DATA"], await MacFiles.StreamsAsync(tree, "file"));
    }

    /// <summary>SFM characters stand for what Windows forbids; macOS sends them, and so they come back.</summary>
    [Theory]
    [InlineData("a\uF020b\uF021c\uF022d\uF023e\uF024f\uF025g\uF026h\uF027i")]
    [InlineData("dot at the end\uF029")]
    [InlineData("space at the end\uF028")]
    [InlineData("Icon\uF00D")]
    public async Task Names_of_a_Mac_come_back_as_they_were_sent(string name)
    {
        var tree = await Server.ConnectToAsync();
        await MacFiles.GreetAsync(tree);
        await MacFiles.PutAsync(tree, name, [1]);
        await MacFiles.PutAsync(tree, $"{name}:{name}", [1, 2]);
        var entry = await MacFiles.EntryAsync(tree, "*" + name[^1]);
        Assert.Equal(name, System.Text.Encoding.Unicode.GetString(entry, 104, BinaryPrimitives.ReadInt32LittleEndian(entry.AsSpan(60))));
        Assert.Equal(["::$DATA", $":{name}:$DATA"], await MacFiles.StreamsAsync(tree, name));
        Assert.Equal([1, 2], await MacFiles.GetAsync(tree, $"{name}:{name}", 10));
    }

    private static byte[] Pattern(int length)
    {
        var data = new byte[length];
        for (var i = 0; i < length; i++)
        {
            data[i] = (byte)(i + (i >> 8) + (i >> 16));
        }

        return data;
    }

    private static async Task<int> ModeAsync(SmbTestTree tree, string name) =>
        BinaryPrimitives.ReadUInt16LittleEndian((await MacFiles.EntryAsync(tree, name)).AsSpan(94));

    private static async Task SetModeAsync(SmbTestTree tree, string name, uint mode) => Assert.Equal(
        NtStatus.Success,
        await SetSecurityAsync(
            tree, name, new SecurityDescriptor { HasDacl = true, Dacl = new Acl([Ace.Allow(new Sid(5, 88, 3, mode), FileAccessMask.None)]) }));

    private static async Task<SecurityDescriptor> SecurityAsync(SmbTestTree tree, string name)
    {
        var file = await tree.OpenAsync(name, CreateDisposition.Open, FileAccessMask.ReadControl);
        var buffer = await MacFiles.QueryAsync(
            file, RequestBody.QueryInfo(file.FileId, Smb2InfoType.Security, 0, additionalInformation: (uint)SecurityInformation.Dacl));
        await file.CloseAsync();
        Assert.Equal(NtStatus.Success, SecurityDescriptor.Read(buffer, out var descriptor));
        return descriptor!;
    }

    private static async Task<NtStatus> SetSecurityAsync(SmbTestTree tree, string name, SecurityDescriptor descriptor)
    {
        var file = await tree.OpenAsync(name, CreateDisposition.Open, FileAccessMask.WriteDac);
        var response = await tree.CallAsync(
            Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, Smb2InfoType.Security, 0, descriptor.ToArray(), SecurityInformation.Dacl));
        await file.CloseAsync();
        return response.Status;
    }

    /// <summary>How many streams the store has for the file, shown or not.</summary>
    private async Task<int> StoredStreamsAsync()
    {
        var opened = await Server.Memory.OpenAsync(
            new Smb3.Embedded.Storage.StorePath("file"), Smb3.Embedded.Storage.StoreAccess.Metadata, CancellationToken.None);
        await using var file = opened.Value;
        var streams = await ((Smb3.Embedded.Storage.IStreamedFile)file).ListStreamsAsync(CancellationToken.None);
        return streams.Value.Count;
    }
}
