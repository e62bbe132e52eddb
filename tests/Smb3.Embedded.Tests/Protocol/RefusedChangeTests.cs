using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Nt.Security;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Io;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;
using Access = Smb3.Embedded.Nt.FileAccessMask;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// Every request that changes something, by an administrator: done with a handle that was granted the right, refused with one that was
/// granted everything else, and refused on a share where nothing may be changed. What is refused leaves no trace.
/// </summary>
public sealed class RefusedChangeTests : ProtocolTest
{
    private const Access Anything = Access.WriteData | Access.AppendData | Access.WriteAttributes;
    private const Access Writes = Access.WriteData | Access.AppendData;

    private static readonly Change[] Changes =
    [
        new(FsControlCode.SetSparse, Anything, [1]),
        new(FsControlCode.SetZeroData, Access.WriteData, FsctlInput.Range(0, 4096)),
        new(FsControlCode.FileLevelTrim, Access.WriteData, Trim()),
        new(FsControlCode.SetZeroOnDeallocation, Writes, []) { Shows = false },
        new(FsControlCode.SetCompression, Access.WriteData, [1, 0]),
        new(FsControlCode.SetIntegrityInformation, Access.WriteData, new byte[8]) { Also = Access.ReadData, Shows = false },
        new(FsControlCode.SetIntegrityInformationEx, Access.WriteData, [.. new byte[8], 1, .. new byte[7]]) { Shows = false },
        new(FsControlCode.SetReparsePoint, Access.WriteData | Access.WriteAttributes, Symlink()) { Path = "empty" },
        new(FsControlCode.DeleteReparsePoint, Access.WriteData | Access.WriteAttributes, [0x0C, 0, 0, 0xA0, 0, 0, 0, 0]) { Path = "link" },
        new(FsControlCode.SetObjectId, Access.WriteData | Access.WriteAttributes, Filled(64)),
        new(FsControlCode.SetObjectIdExtended, Access.WriteData | Access.WriteAttributes, Filled(48)) { Path = "marked" },
        new(FsControlCode.DeleteObjectId, Access.WriteData | Access.WriteAttributes, []) { Path = "marked" },
        new(FsControlCode.CreateOrGetObjectId, Access.None, []),
        new(FsControlCode.SrvCopyChunk, Writes, CopyAsync) { Also = Access.ReadData },
        new(FsControlCode.SrvCopyChunkWrite, Writes, CopyAsync),
        new(FsControlCode.DuplicateExtentsToFile, Access.WriteData, async tree => FsctlInput.DuplicateExtents((await SourceAsync(tree)).FileId, 0, 0, 4096)),
        new(FsControlCode.DuplicateExtentsToFileEx, Access.WriteData, async tree =>
            [56, .. new byte[7], .. FsctlInput.DuplicateExtents((await SourceAsync(tree)).FileId, 0, 0, 4096), .. new byte[8]]),
        new(FsControlCode.OffloadWrite, Access.WriteData, OffloadAsync),

        new(FileInformationClass.FileBasicInformation, Access.WriteAttributes, SetBuffer.Basic(new BasicInformation(0, 0, 0, 0, FileAttributes.Hidden))),
        new(FileInformationClass.FileRenameInformation, Access.Delete, SetBuffer.Rename("renamed")),
        new(FileInformationClass.FileRenameInformationEx, Access.Delete, SetBuffer.RenameEx("source", RenameFlags.ReplaceIfExists)),
        new(FileInformationClass.FileLinkInformation, Access.None, SetBuffer.Rename("linked")),
        new(FileInformationClass.FileLinkInformationEx, Access.None, SetBuffer.RenameEx("source", RenameFlags.ReplaceIfExists)),
        new(FileInformationClass.FileDispositionInformation, Access.Delete, SetBuffer.Disposition(true)),
        new(FileInformationClass.FileDispositionInformationEx, Access.Delete, SetBuffer.DispositionEx(DispositionFlags.Delete | DispositionFlags.PosixSemantics)),
        new(FileInformationClass.FileFullEaInformation, Access.WriteEa, SetBuffer.FullEa(("EA"u8.ToArray(), [1, 2, 3]))),
        new(FileInformationClass.FileEndOfFileInformation, Access.WriteData, SetBuffer.Size(10)),
        new(FileInformationClass.FileAllocationInformation, Access.WriteData, SetBuffer.Size(0)),
        new(FileInformationClass.FileValidDataLengthInformation, Access.WriteData, SetBuffer.Size(8192)) { Shows = false },

        new("the owner", Access.WriteOwner, file => Security(file, SecurityInformation.Owner, new() { Owner = WellKnownSids.Users })),
        new("the group", Access.WriteOwner, file => Security(file, SecurityInformation.Group, new() { Group = WellKnownSids.Guests })),
        new("the DACL", Access.WriteDac, file => Security(file, SecurityInformation.Dacl, new() { HasDacl = true, Dacl = Acl.Empty })),
        new("a quota", Access.WriteData, file => file.Tree.Request(
            Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, Smb2InfoType.Quota, 0, Quota()))) { Shows = false },
        new("the quotas' settings", Access.WriteData, file => file.Tree.Request(
            Smb2Command.SetInfo,
            RequestBody.SetInfo(file.FileId, Smb2InfoType.FileSystem, (byte)FsInformationClass.FileFsControlInformation, new byte[48]))) { Shows = false },
        new("data", Writes, file => file.WriteRequest(5, [1, 2, 3])),
    ];

    /// <summary>What tells, waits, or is about the handle alone.</summary>
    private static readonly FsControlCode[] ChangesNothing =
    [
        FsControlCode.ValidateNegotiateInfo, FsControlCode.QueryNetworkInterfaceInfo, FsControlCode.DfsGetReferrals,
        FsControlCode.DfsGetReferralsEx, FsControlCode.PipeTransceive, FsControlCode.PipePeek, FsControlCode.PipeWait,
        FsControlCode.OffloadRead, FsControlCode.SrvRequestResumeKey, FsControlCode.QueryAllocatedRanges, FsControlCode.QueryFileRegions,
        FsControlCode.LmrRequestResiliency, FsControlCode.SrvEnumerateSnapshots, FsControlCode.GetCompression,
        FsControlCode.GetIntegrityInformation, FsControlCode.GetReparsePoint, FsControlCode.GetObjectId,
        FsControlCode.MarkHandle, FsControlCode.GetNtfsVolumeData, FsControlCode.RefsStreamSnapshotManagement,
        FsControlCode.FilesystemGetStatistics, FsControlCode.FilesystemGetStatisticsEx, FsControlCode.ReadFileUsnData,
        FsControlCode.WriteUsnCloseRecord, FsControlCode.IsPathnameValid, FsControlCode.GetRetrievalPointers,
        FsControlCode.GetRetrievalPointerCount,
    ];

    public static IEnumerable<object[]> All => Changes.Select(change => new object[] { change.Name });

    public static IEnumerable<object[]> AskingForARight =>
        Changes.Where(change => change.Needs != Access.None).Select(change => new object[] { change.Name });

    [Theory]
    [MemberData(nameof(All))]
    public async Task With_the_right_it_is_done(string name)
    {
        var (change, tree) = await PrepareAsync(name);
        var before = await StateAsync();
        Assert.Equal(NtStatus.Success, await RunAsync(tree, change, change.Needs | change.Also | Access.ReadAttributes | Access.Synchronize));
        Assert.True(!change.Shows || before != await StateAsync(), "Nothing has changed.");
    }

    [Theory]
    [MemberData(nameof(AskingForARight))]
    public async Task With_every_right_but_that_it_is_refused(string name)
    {
        var (change, tree) = await PrepareAsync(name);
        var before = await StateAsync();
        Assert.Equal(NtStatus.AccessDenied, await RunAsync(tree, change, Access.FileAllAccess & ~change.Needs));
        Assert.Equal(before, await StateAsync());
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task On_a_read_only_share_it_is_refused(string name)
    {
        var (change, tree) = await PrepareAsync(name);
        var before = await StateAsync();
        var readOnly = await tree.Session.ConnectAsync("readonly");
        var status = await RunAsync(readOnly, change, Access.MaximumAllowed);
        Assert.True(status is NtStatus.AccessDenied or NtStatus.MediaWriteProtected, status.ToString());
        Assert.Equal(before, await StateAsync());
    }

    [Theory]
    [InlineData("new", CreateDisposition.Create, Access.ReadData, CreateOptions.None)]
    [InlineData("new", CreateDisposition.OpenIf, Access.ReadData, CreateOptions.None)]
    [InlineData("new", CreateDisposition.OpenIf, Access.ReadData, CreateOptions.DirectoryFile)]
    [InlineData("new", CreateDisposition.Supersede, Access.ReadData, CreateOptions.None)]
    [InlineData("new", CreateDisposition.OverwriteIf, Access.ReadData, CreateOptions.None)]
    [InlineData("file:new", CreateDisposition.OpenIf, Access.ReadData, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Overwrite, Access.ReadAttributes, CreateOptions.None)]
    [InlineData("file", CreateDisposition.OverwriteIf, Access.ReadAttributes, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Supersede, Access.ReadAttributes, CreateOptions.None)]
    [InlineData("file:stream", CreateDisposition.Overwrite, Access.ReadAttributes, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.Delete, CreateOptions.DeleteOnClose)]
    [InlineData("file", CreateDisposition.Open, Access.MaximumAllowed | Access.Delete, CreateOptions.DeleteOnClose)]
    [InlineData("file", CreateDisposition.Open, Access.WriteData, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.AppendData, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.WriteAttributes, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.WriteEa, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.WriteDac, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.WriteOwner, CreateOptions.None)]
    [InlineData("file", CreateDisposition.Open, Access.GenericAll, CreateOptions.None)]
    [InlineData("directory", CreateDisposition.Open, Access.DeleteChild, CreateOptions.DirectoryFile)]
    public async Task On_a_read_only_share_no_open_changes_anything(
        string path, CreateDisposition disposition, Access access, CreateOptions options)
    {
        var (_, tree) = await PrepareAsync(Changes[0].Name);
        var before = await StateAsync();
        var readOnly = await tree.Session.ConnectAsync("readonly");
        var status = await readOnly.TryOpenAsync(path, disposition, access, options: options);
        Assert.True(status is NtStatus.AccessDenied or NtStatus.MediaWriteProtected or NtStatus.CannotDelete, status.ToString());
        Assert.Equal(before, await StateAsync());
    }

    /// <summary>An FSCTL that is new belongs into one of the lists.</summary>
    [Fact]
    public async Task Every_FSCTL_that_is_done_is_known_to_change_something_or_nothing()
    {
        var (_, tree) = await PrepareAsync(Changes[0].Name);
        foreach (var code in Enum.GetValues<FsControlCode>())
        {
            if (!ChangesNothing.Contains(code) && !Changes.Any(change => change.Name == code.ToString()))
            {
                var file = await tree.OpenAsync("file", access: Access.FileAllAccess);
                var response = await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, new byte[64]));
                Assert.True(response.Status is NtStatus.InvalidDeviceRequest or NtStatus.NotSupported, $"{code}: {response.Status}");
                await file.CloseAsync();
            }
        }
    }

    private static byte[] Filled(int length) => [.. Enumerable.Range(1, length).Select(i => (byte)i)];

    private static byte[] Symlink()
    {
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(6, 6)];
        ReparseDataBuffer.WriteSymlink(buffer, "target", "target", isRelative: true);
        return buffer;
    }

    private static byte[] Trim()
    {
        var input = new byte[FileLevelTrim.FixedSize + FileRange.Size];
        input.AsSpan().Put(4, 1u);
        new FileRange(0, 8192).Write(input.AsSpan(FileLevelTrim.FixedSize));
        return input;
    }

    private static byte[] Quota()
    {
        var entry = new QuotaInformation { Sid = WellKnownSids.Users, Threshold = 1, Limit = 1 << 20 };
        var buffer = new byte[40 + entry.Sid.BinaryLength];
        var cursor = new EntryListCursor(QuotaInformation.Alignment);
        Assert.True(entry.TryWrite(ref cursor, buffer));
        return buffer;
    }

    private static SmbTestRequest Security(SmbTestFile file, SecurityInformation parts, SecurityDescriptor descriptor) => file.Tree.Request(
        Smb2Command.SetInfo, RequestBody.SetInfo(file.FileId, Smb2InfoType.Security, 0, descriptor.ToArray(), parts));

    private static Task<SmbTestFile> SourceAsync(SmbTestTree tree) =>
        tree.OpenAsync("source", CreateDisposition.Open, Access.ReadData | Access.ReadAttributes);

    private static async Task<byte[]> CallAsync(SmbTestFile file, FsControlCode code, byte[] input) => IoctlAnswer.Parse(
        (await file.Tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, input))).Expect(NtStatus.Success).Message).Output;

    private static async Task<byte[]> CopyAsync(SmbTestTree tree)
    {
        var key = await CallAsync(await SourceAsync(tree), FsControlCode.SrvRequestResumeKey, []);
        return FsctlInput.CopyChunks(key.AsSpan(0, 24), new CopyChunk(0, 0, 4096));
    }

    private static async Task<byte[]> OffloadAsync(SmbTestTree tree)
    {
        var output = await CallAsync(await SourceAsync(tree), FsControlCode.OffloadRead, FsctlInput.OffloadRead(0, 4096));
        return FsctlInput.OffloadWrite(output.AsSpan(^512..), 0, 4096);
    }

    private static async Task<NtStatus> RunAsync(SmbTestTree tree, Change change, Access access)
    {
        var file = await tree.OpenAsync(change.Path, CreateDisposition.Open, access, options: CreateOptions.OpenReparsePoint);
        var status = (await tree.Session.CallAsync(await change.Make(file))).Status;
        await file.CloseAsync();
        return status;
    }

    private async Task<(Change Change, SmbTestTree Tree)> PrepareAsync(string name)
    {
        Start(new TestServerOptions
        {
            Users = users =>
            {
                ((InMemoryUserStore)users).Add(TestServer.Alice, TestServer.Password, ["Administrators"]);
                return users;
            },
        });
        var tree = await Server.ConnectToAsync();
        foreach (var path in new[] { "file", "source", "marked", "file:stream", "empty", "link" })
        {
            var file = await tree.OpenAsync(path, access: Access.FileAllAccess, options: CreateOptions.OpenReparsePoint);
            if (path == "link")
            {
                await CallAsync(file, FsControlCode.SetReparsePoint, Symlink());
            }
            else if (path != "empty")
            {
                await file.WriteAsync(0, [.. Enumerable.Range(0, 8192).Select(i => (byte)(i + path.Length + 1))]);
            }

            if (path == "marked")
            {
                await CallAsync(file, FsControlCode.CreateOrGetObjectId, []);
            }

            await file.CloseAsync();
        }

        await (await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile)).CloseAsync();
        return (Changes.Single(change => change.Name == name), tree);
    }

    /// <summary>All that the store keeps, but for the times that a mere look may move.</summary>
    private async Task<string> StateAsync()
    {
        var store = Server.Volume.Store;
        var lines = new List<string>();
        await using var root = (await store.OpenAsync(StorePath.Root, StoreAccess.Metadata, default)).Value;
        await using var listing = (await root.ListAsync(default)).Value;
        var entries = new StoreEntry[32];
        var count = (await listing.ReadAsync(entries, default)).Value;
        foreach (var entry in entries.Take(count))
        {
            await using var file = (await store.OpenAsync(new StorePath(entry.Name), StoreAccess.Read, default)).Value;
            var metadata = (await file.GetMetadataAsync(default)).Value;
            lines.Add(
                $"{entry.Name} {metadata.FileId} {metadata.Attributes} {metadata.Length} {metadata.AllocationSize} {metadata.LinkCount} "
                + $"{metadata.CreationTime.Ticks} {metadata.LastWriteTime.Ticks}");
            if ((metadata.Attributes & FileAttributes.Directory) == 0)
            {
                var data = new byte[16384];
                var read = await file.ReadAsync(0, data, default);
                lines.Add(Hash(data.AsSpan(0, read.Value)));
            }

            lines.Add(Hash((await ((ISecurableFile)file).GetSecurityDescriptorAsync(default)).Value.Span));
            lines.Add(Hash((await ((IObjectIdFile)file).GetObjectIdAsync(default)).Value.Span));
            var point = await ((IReparseFile)file).GetReparsePointAsync(default);
            lines.Add(point.Succeeded ? Hash(point.Value.Span) : point.Status.ToString());
            foreach (var attribute in (await ((IExtendedAttributeFile)file).GetExtendedAttributesAsync(default)).Value)
            {
                lines.Add($"{entry.Name} EA {attribute.Name} {Hash(attribute.Value.Span)}");
            }

            foreach (var stream in (await ((IStreamedFile)file).ListStreamsAsync(default)).Value)
            {
                lines.Add($"{entry.Name}:{stream.Name} {stream.Length}");
            }
        }

        return string.Join('\n', lines);
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes));

    /// <param name="Name">What changes.</param>
    /// <param name="Needs">The handle must have one of these.</param>
    /// <param name="Make">The request, on a handle.</param>
    private sealed record Change(string Name, Access Needs, Func<SmbTestFile, Task<SmbTestRequest>> Make)
    {
        public Change(string name, Access needs, Func<SmbTestFile, SmbTestRequest> make)
            : this(name, needs, file => Task.FromResult(make(file)))
        {
        }

        public Change(FsControlCode code, Access needs, byte[] input)
            : this(code, needs, _ => Task.FromResult(input))
        {
        }

        public Change(FsControlCode code, Access needs, Func<SmbTestTree, Task<byte[]>> input)
            : this(code.ToString(), needs, async file =>
                file.Tree.Request(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, await input(file.Tree))))
        {
        }

        public Change(FileInformationClass informationClass, Access needs, byte[] buffer)
            : this(informationClass.ToString(), needs, file =>
                file.Tree.Request(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, informationClass, buffer)))
        {
        }

        /// <summary>What the handle must have besides.</summary>
        public Access Also { get; init; }

        public string Path { get; init; } = "file";

        /// <summary>Whether the store shows that it was done.</summary>
        public bool Shows { get; init; } = true;
    }
}
