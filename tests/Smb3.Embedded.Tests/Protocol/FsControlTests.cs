using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Fscc;
using Smb3.Embedded.Wire.Ioctl;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>FSCTLs on files (MS-SMB2 3.3.5.15, MS-FSA 2.1.5.10): what they do, and every status that refuses them.</summary>
public sealed class FsControlTests : ProtocolTest
{
    private const FileAccessMask Read = FileAccessMask.FileGenericRead;
    private const FileAccessMask Write = FileAccessMask.FileGenericWrite;

    [Fact]
    public async Task A_copy_on_the_server_has_the_bytes_of_the_source()
    {
        var tree = await Server.ConnectToAsync();
        var (source, target) = await TwoFilesAsync(tree, 8192);
        var response = await CopyAsync(source, target, new CopyChunk(0, 0, 4096), new CopyChunk(4096, 4096, 4096));
        Assert.Equal(NtStatus.Success, response.Status);
        Assert.Equal((2u, 0u, 8192u), Numbers(response));
        Assert.Equal(Pattern(8192), await target.ReadAsync(0, 8192));
    }

    [Fact]
    public async Task A_large_copy_is_answered_later_and_is_whole()
    {
        var tree = await Server.ConnectToAsync();
        var (source, target) = await TwoFilesAsync(tree, 1 << 20);
        var response = await CopyAsync(source, target, new CopyChunk(0, 5, 1 << 20));
        Assert.Equal(NtStatus.Success, response.Status);
        Assert.Equal(Pattern(1 << 20), await target.ReadAsync(5, 1 << 20));
    }

    [Fact]
    public async Task A_copy_over_itself_ends_up_as_the_source_was()
    {
        var tree = await Server.ConnectToAsync();
        var (source, _) = await TwoFilesAsync(tree, 200_000);
        Assert.Equal(NtStatus.Success, (await CopyAsync(source, source, new CopyChunk(0, 1000, 150_000))).Status);
        Assert.Equal(Pattern(200_000)[..150_000], await source.ReadAsync(1000, 150_000));
    }

    [Theory]
    [InlineData(0u)]
    [InlineData((1u << 20) + 1)]
    public async Task A_copy_beyond_the_limits_is_told_them(uint length)
    {
        var tree = await Server.ConnectToAsync();
        var (source, target) = await TwoFilesAsync(tree, 4096);
        var response = await CopyAsync(source, target, new CopyChunk(0, 0, length));
        Assert.Equal(NtStatus.InvalidParameter, response.Status);
        Assert.Equal((256u, 1u << 20, 16u << 20), Numbers(response));
    }

    [Fact]
    public async Task A_copy_stops_where_the_source_ends_and_says_how_far_it_came()
    {
        var tree = await Server.ConnectToAsync();
        var (source, target) = await TwoFilesAsync(tree, 8192);
        var response = await CopyAsync(source, target, new CopyChunk(0, 0, 4096), new CopyChunk(4096, 4096, 8192));
        Assert.Equal(NtStatus.InvalidViewSize, response.Status);
        Assert.Equal((1u, 0u, 4096u), Numbers(response));
    }

    [Fact]
    public async Task A_copy_heeds_locks_keys_and_rights()
    {
        var tree = await Server.ConnectToAsync();
        var (source, target) = await TwoFilesAsync(tree, 4096);
        var chunk = new CopyChunk(0, 0, 4096);
        var key = await KeyAsync(source);
        var other = await tree.OpenAsync("source");
        Assert.Equal(NtStatus.Success, await other.LockAsync(0, 10));
        Assert.Equal(NtStatus.FileLockConflict, (await CopyAsync(source, target, chunk)).Status);
        await other.CloseAsync();

        byte[] unknown = [.. Enumerable.Repeat((byte)7, 24)];
        await ExpectAsync(NtStatus.ObjectNameNotFound, target, FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(unknown, chunk));
        var reader = await tree.OpenAsync("target", access: Read);
        await ExpectAsync(NtStatus.AccessDenied, reader, FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(key, chunk));
        var writer = await tree.OpenAsync("target", access: Write);
        await ExpectAsync(NtStatus.AccessDenied, writer, FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(key, chunk));
        await ExpectAsync(NtStatus.Success, writer, FsControlCode.SrvCopyChunkWrite, FsctlInput.CopyChunks(key, chunk));
        await ExpectAsync(NtStatus.InvalidParameter, target, FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(key, chunk), maxOutput: 11);
        await source.CloseAsync();
        await ExpectAsync(NtStatus.ObjectNameNotFound, target, FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(key, chunk));
    }

    [Fact]
    public async Task A_sparse_file_has_holes_and_tells_where_its_data_is()
    {
        var tree = await Server.ConnectToAsync();
        var (file, _) = await TwoFilesAsync(tree, 1 << 18);
        var all = FsctlInput.Range(0, 1 << 18);
        Assert.Equal([(0L, 1L << 18)], Ranges(await ExpectAsync(NtStatus.Success, file, FsControlCode.QueryAllocatedRanges, all)));
        await ExpectAsync(NtStatus.Success, file, FsControlCode.SetSparse, []);
        await ExpectAsync(NtStatus.Success, file, FsControlCode.SetZeroData, FsctlInput.Range(1 << 16, 1 << 17));
        Assert.Equal(
            [(0L, 1L << 16), (1L << 17, 1L << 17)],
            Ranges(await ExpectAsync(NtStatus.Success, file, FsControlCode.QueryAllocatedRanges, all)));
        Assert.Equal(new byte[1 << 16], await file.ReadAsync(1 << 16, 1 << 16));
        Assert.Single(Ranges(await ExpectAsync(NtStatus.BufferOverflow, file, FsControlCode.QueryAllocatedRanges, all, maxOutput: 16)));
        await ExpectAsync(NtStatus.BufferTooSmall, file, FsControlCode.QueryAllocatedRanges, all, maxOutput: 15);
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.QueryAllocatedRanges, FsctlInput.Range(-1, 5));
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.SetZeroData, FsctlInput.Range(5, 4));
    }

    [Fact]
    public async Task A_clone_shares_data_until_either_is_written()
    {
        var tree = await Server.ConnectToAsync();
        var (source, target) = await TwoFilesAsync(tree, 1 << 17);
        await target.WriteAsync((1 << 17) - 1, [0]);
        var id = source.FileId;
        await ExpectAsync(
            NtStatus.Success, target, FsControlCode.DuplicateExtentsToFile, FsctlInput.DuplicateExtents(source.FileId, 0, 0, 1 << 17));
        await source.WriteAsync(0, [99]);
        Assert.Equal(Pattern(1 << 17), await target.ReadAsync(0, 1 << 17));
        await ExpectAsync(
            NtStatus.InvalidParameter, target, FsControlCode.DuplicateExtentsToFile, FsctlInput.DuplicateExtents(id, 1, 0, 4096));
        await ExpectAsync(
            NtStatus.NotSupported, source, FsControlCode.DuplicateExtentsToFile, FsctlInput.DuplicateExtents(source.FileId, 0, 4096, 8192));
        await ExpectAsync(
            NtStatus.NotSupported, target, FsControlCode.DuplicateExtentsToFile, FsctlInput.DuplicateExtents(id, 1 << 17, 0, 4096));
        await ExpectAsync(NtStatus.BufferTooSmall, target, FsControlCode.DuplicateExtentsToFile, new byte[39]);
    }

    [Fact]
    public async Task A_symbolic_link_stops_an_open_and_says_where_it_leads()
    {
        var tree = await Server.ConnectToAsync();
        var link = await tree.OpenAsync("link", options: CreateOptions.OpenReparsePoint | CreateOptions.DirectoryFile);
        await ExpectAsync(NtStatus.NotAReparsePoint, link, FsControlCode.GetReparsePoint, []);
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(6, 6)];
        ReparseDataBuffer.WriteSymlink(buffer, "target", "target", isRelative: true);
        await ExpectAsync(NtStatus.IoReparseDataInvalid, link, FsControlCode.SetReparsePoint, buffer[..^1]);
        await ExpectAsync(NtStatus.Success, link, FsControlCode.SetReparsePoint, buffer);
        Assert.Equal(buffer, (await ExpectAsync(NtStatus.Success, link, FsControlCode.GetReparsePoint, [])).Output);
        await link.CloseAsync();

        Assert.Equal(NtStatus.StoppedOnSymlink, await tree.TryOpenAsync("link"));
        Assert.Equal(NtStatus.StoppedOnSymlink, await tree.TryOpenAsync(@"link\below\file"));
        Assert.Equal(NtStatus.StoppedOnSymlink, await tree.TryOpenAsync("link", CreateDisposition.Create));

        link = await tree.OpenAsync("link", options: CreateOptions.OpenReparsePoint);
        await ExpectAsync(NtStatus.IoReparseTagMismatch, link, FsControlCode.DeleteReparsePoint, [3, 0, 0, 0xA0, 0, 0, 0, 0]);
        await ExpectAsync(NtStatus.Success, link, FsControlCode.DeleteReparsePoint, [0x0C, 0, 0, 0xA0, 0, 0, 0, 0]);
        await link.CloseAsync();
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("link"));
    }

    /// <summary>MS-SMB2 3.3.5.15.11 lets a server refuse it below 3.0, which Windows does not do.</summary>
    [Theory]
    [InlineData((ushort)Smb2Dialect.Smb202, true)]
    [InlineData((ushort)Smb2Dialect.Smb210, true)]
    [InlineData((ushort)Smb2Dialect.Smb300, true)]
    [InlineData((ushort)Smb2Dialect.Smb302, true)]
    [InlineData((ushort)Smb2Dialect.Smb311, true)]
    [InlineData((ushort)Smb2Dialect.Smb210, false)]
    [InlineData((ushort)Smb2Dialect.Smb311, false)]
    public async Task The_addresses_of_the_server_are_told_in_every_dialect_where_it_has_channels(ushort dialect, bool channels)
    {
        Start(new ServerSettings { MultiChannel = channels });
        var tree = await Server.ConnectToAsync(options: new SmbTestClientOptions { Dialects = [(Smb2Dialect)dialect] });
        var response = await tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.QueryNetworkInterfaceInfo, SmbTestFile.Previous, []), 65536);
        Assert.Equal(channels ? NtStatus.Success : NtStatus.NotSupported, response.Status);
    }

    [Fact]
    public async Task Compression_state_is_kept_and_inherited()
    {
        var tree = await Server.ConnectToAsync();
        var directory = await tree.OpenAsync("dir", options: CreateOptions.DirectoryFile);
        await ExpectAsync(NtStatus.InvalidParameter, directory, FsControlCode.SetCompression, [9, 0]);
        await ExpectAsync(NtStatus.Success, directory, FsControlCode.SetCompression, [1, 0]);
        var file = await tree.OpenAsync(@"dir\file");
        Assert.Equal([2, 0], (await ExpectAsync(NtStatus.Success, file, FsControlCode.GetCompression, [])).Output);
        var plain = await tree.OpenAsync(@"dir\plain", options: CreateOptions.NoCompression);
        Assert.Equal([0, 0], (await ExpectAsync(NtStatus.Success, plain, FsControlCode.GetCompression, [])).Output);
    }

    [Fact]
    public async Task A_compressed_file_says_so_by_every_handle()
    {
        var tree = await Server.ConnectToAsync();
        foreach (var (name, options) in new[]
        {
            ("file", CreateOptions.NonDirectoryFile), ("other:stream", CreateOptions.NonDirectoryFile), ("dir", CreateOptions.DirectoryFile),
        })
        {
            var file = await tree.OpenAsync(name, options: options);
            Assert.Equal(0, (await CompressionAsync(file))[8]);
            await ExpectAsync(NtStatus.Success, file, FsControlCode.SetCompression, [1, 0]);
            Assert.Equal([2, 0, 16, 12, 12, 0, 0, 0], (await CompressionAsync(file))[8..]);
            await ExpectAsync(NtStatus.Success, file, FsControlCode.SetCompression, [0, 0]);
            Assert.Equal(new byte[8], (await CompressionAsync(file))[8..]);
        }

        static async Task<byte[]> CompressionAsync(SmbTestFile file)
        {
            var answer = await file.Tree.CallAsync(
                Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, FileInformationClass.FileCompressionInformation));
            return OutputBufferAnswer.Parse(answer.Expect(NtStatus.Success).Message).Buffer;
        }
    }

    [Theory]
    [InlineData(CreateOptions.NonDirectoryFile | CreateOptions.NoIntermediateBuffering, 0x100u, NtStatus.Success)]
    [InlineData(CreateOptions.NonDirectoryFile | CreateOptions.NoIntermediateBuffering, 0u, NtStatus.Success)]
    [InlineData(CreateOptions.NonDirectoryFile | CreateOptions.NoIntermediateBuffering, 0x80u, NtStatus.NotRedundantStorage)]
    [InlineData(CreateOptions.NonDirectoryFile | CreateOptions.NoIntermediateBuffering, 0x180u, NtStatus.InvalidParameter)]
    [InlineData(CreateOptions.NonDirectoryFile | CreateOptions.NoIntermediateBuffering, 1u, NtStatus.InvalidParameter)]
    [InlineData(CreateOptions.NonDirectoryFile, 0x100u, NtStatus.InvalidParameter)]
    [InlineData(CreateOptions.DirectoryFile | CreateOptions.NoIntermediateBuffering, 0x100u, NtStatus.DirectoryNotSupported)]
    [InlineData(CreateOptions.DirectoryFile, 0x80u, NtStatus.DirectoryNotSupported)]
    public async Task A_handle_is_marked_to_read_no_copy_in_particular(CreateOptions options, uint flags, NtStatus status)
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("marked", options: options);
        var mark = new byte[24];
        BitConverter.GetBytes(flags).CopyTo(mark, 16);
        await ExpectAsync(status, file, FsControlCode.MarkHandle, mark);
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.MarkHandle, mark[..23]);
    }

    [Fact]
    public async Task The_volume_data_of_NTFS_agree_with_what_the_volume_says_elsewhere()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        var data = (await ExpectAsync(NtStatus.Success, file, FsControlCode.GetNtfsVolumeData, [], maxOutput: 96)).Output;
        await ExpectAsync(NtStatus.BufferTooSmall, file, FsControlCode.GetNtfsVolumeData, [], maxOutput: 95);
        await ExpectAsync(NtStatus.NotSupported, file, FsControlCode.RefsStreamSnapshotManagement, new byte[32]);

        var id = await QueryAsync(RequestBody.QueryFile(file.FileId, FileInformationClass.FileIdInformation));
        var size = await QueryAsync(RequestBody.QueryFileSystem(file.FileId, FsInformationClass.FileFsFullSizeInformation));
        Assert.Equal(96, data.Length);
        Assert.Equal(id[..8], data[..8]);
        Assert.Equal(size[..8], data[16..24]);
        Assert.Equal(size[16..24], data[24..32]);
        Assert.Equal(size[28..32], data[40..44]);
        Assert.Equal(BitConverter.ToUInt32(size, 24) * BitConverter.ToUInt32(size, 28), BitConverter.ToUInt32(data, 44));
        Assert.Equal(BitConverter.ToInt64(data, 16) * BitConverter.ToUInt32(size, 24), BitConverter.ToInt64(data, 8));

        async Task<byte[]> QueryAsync(byte[] body) =>
            OutputBufferAnswer.Parse((await tree.CallAsync(Smb2Command.QueryInfo, body)).Expect(NtStatus.Success).Message).Buffer;
    }

    [Fact]
    public async Task The_statistics_count_what_is_read_and_written()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, new byte[1000]);
        await file.WriteAsync(1000, new byte[234]);
        await file.ReadAsync(0, 100);
        foreach (var (code, size, least) in new[]
        {
            (FsControlCode.FilesystemGetStatistics, 320, 56u), (FsControlCode.FilesystemGetStatisticsEx, 576, 104u),
        })
        {
            var wide = size == 576;
            var output = (await ExpectAsync(NtStatus.Success, file, code, [])).Output;
            Assert.Equal(Environment.ProcessorCount * size, output.Length);
            Assert.Equal(1u, BitConverter.ToUInt16(output));
            Assert.Equal((uint)size, BitConverter.ToUInt32(output, 4));
            Assert.Equal((1, 100, 2, 1234), (Sum(0), Sum(1), Sum(3), Sum(4)));
            await ExpectAsync(NtStatus.BufferTooSmall, file, code, [], least - 1);
            Assert.Equal((int)least, (await ExpectAsync(NtStatus.BufferOverflow, file, code, [], least)).Output.Length);

            long Sum(int counter) => Enumerable.Range(0, Environment.ProcessorCount).Sum(i =>
                wide ? BitConverter.ToInt64(output, (i * size) + 8 + (counter * 8)) : BitConverter.ToUInt32(output, (i * size) + 8 + (counter * 4)));
        }
    }

    [Theory]
    [InlineData(new ushort[0], 2)]
    [InlineData(new ushort[] { 2, 2 }, 2)]
    [InlineData(new ushort[] { 0, 3 }, 3)]
    [InlineData(new ushort[] { 3, 9 }, 3)]
    [InlineData(new ushort[] { 3, 2 }, 0)]
    [InlineData(new ushort[] { 4, 4 }, 0)]
    [InlineData(new ushort[] { 0, 1 }, 0)]
    public async Task A_record_of_the_journal_says_which_file_it_is_and_where(ushort[] versions, int version)
    {
        var tree = await Server.ConnectToAsync();
        var directory = await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile);
        var stream = await tree.OpenAsync("directory\\file:stream");
        var input = versions.SelectMany(BitConverter.GetBytes).ToArray();
        if (version == 0)
        {
            await ExpectAsync(NtStatus.InvalidParameter, stream, FsControlCode.ReadFileUsnData, input);
            return;
        }

        var size = version == 2 ? 72 : 88;
        await ExpectAsync(NtStatus.BufferTooSmall, stream, FsControlCode.ReadFileUsnData, input, (uint)size - 1);
        var record = (await ExpectAsync(NtStatus.Success, stream, FsControlCode.ReadFileUsnData, input, (uint)size)).Output;
        var id = version == 2 ? 8 : 16;
        Assert.Equal((size, version), (BitConverter.ToInt32(record), BitConverter.ToInt16(record, 4)));
        Assert.Equal(await IdAsync(stream), record[8..16]);
        Assert.Equal(await IdAsync(directory), record[(8 + id)..(16 + id)]);
        Assert.Equal((uint)FileAttributes.Archive, BitConverter.ToUInt32(record, 36 + (2 * id)));
        Assert.Equal("file", System.Text.Encoding.Unicode.GetString(
            record, BitConverter.ToInt16(record, 42 + (2 * id)), BitConverter.ToInt16(record, 40 + (2 * id))));

        async Task<byte[]> IdAsync(SmbTestFile of) => OutputBufferAnswer.Parse((await tree.CallAsync(
            Smb2Command.QueryInfo, RequestBody.QueryFile(of.FileId, FileInformationClass.FileInternalInformation)))
            .Expect(NtStatus.Success).Message).Buffer;
    }

    [Fact]
    public async Task Nobody_trims_with_the_key_of_a_local_program()
    {
        var tree = await Server.ConnectToAsync();
        var (file, _) = await TwoFilesAsync(tree, 1 << 17);
        byte[] trim = [0, 0, 0, 0, 1, 0, 0, 0, .. FsctlInput.Range(0, 1 << 16)];
        await ExpectAsync(NtStatus.Success, file, FsControlCode.FileLevelTrim, trim);
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.FileLevelTrim, trim.Patched(0, 1));
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.FileLevelTrim, trim.Patched(3, 0x80));
    }

    [Fact]
    public async Task The_extension_of_an_object_id_is_set_by_exactly_its_bytes()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await ExpectAsync(NtStatus.Success, file, FsControlCode.CreateOrGetObjectId, []);
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.SetObjectIdExtended, new byte[47]);
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.SetObjectIdExtended, new byte[49]);
        await ExpectAsync(NtStatus.Success, file, FsControlCode.SetObjectIdExtended, new byte[48]);
    }

    [Fact]
    public async Task An_object_id_is_made_once()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await ExpectAsync(NtStatus.ObjectIdNotFound, file, FsControlCode.GetObjectId, []);
        var made = (await ExpectAsync(NtStatus.Success, file, FsControlCode.CreateOrGetObjectId, [])).Output;
        Assert.Equal(made, (await ExpectAsync(NtStatus.Success, file, FsControlCode.GetObjectId, [])).Output);
        await ExpectAsync(NtStatus.AccessDenied, file, FsControlCode.SetObjectId, new byte[64]);
        await ExpectAsync(NtStatus.Success, file, FsControlCode.DeleteObjectId, []);
        await ExpectAsync(NtStatus.ObjectIdNotFound, file, FsControlCode.GetObjectId, []);
    }

    [Fact]
    public async Task No_file_has_checksums_and_none_can_get_them()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        var state = (await ExpectAsync(NtStatus.Success, file, FsControlCode.GetIntegrityInformation, [])).Output;
        Assert.Equal([.. new byte[12], 0, 0x10, 0, 0], state);
        await ExpectAsync(NtStatus.InvalidParameter, file, FsControlCode.GetIntegrityInformation, [], maxOutput: 15);

        const FsControlCode Set = FsControlCode.SetIntegrityInformation;
        await ExpectAsync(NtStatus.Success, file, Set, new byte[8]);
        await ExpectAsync(NtStatus.Success, file, Set, [0xFF, 0xFF, 0, 0, 0, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidDeviceRequest, file, Set, [1, 0, 0, 0, 0, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidDeviceRequest, file, Set, [2, 0, 0, 0, 1, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Set, [3, 0, 0, 0, 0, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Set, [2, 0, 0, 0, 2, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Set, [0, 0, 0, 0, 1, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Set, [0xFF, 0xFF, 0, 0, 1, 0, 0, 0]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Set, new byte[7]);

        const FsControlCode SetEx = FsControlCode.SetIntegrityInformationEx;
        await ExpectAsync(NtStatus.Success, file, SetEx, Ex(0, 0, 0, 1));
        await ExpectAsync(NtStatus.Success, file, SetEx, Ex(1, 1, 0, 1));
        await ExpectAsync(NtStatus.InvalidDeviceRequest, file, SetEx, Ex(1, 0, 0, 1));
        await ExpectAsync(NtStatus.InvalidDeviceRequest, file, SetEx, Ex(1, 0, 1, 1));
        await ExpectAsync(NtStatus.InvalidParameter, file, SetEx, Ex(0, 0, 1, 1));
        await ExpectAsync(NtStatus.InvalidParameter, file, SetEx, Ex(1, 1, 1, 1));
        await ExpectAsync(NtStatus.InvalidParameter, file, SetEx, Ex(0, 0, 0, 2));
        await ExpectAsync(NtStatus.InvalidParameter, file, SetEx, Ex(0, 0, 0, 1)[..15]);

        var reader = await tree.OpenAsync("file", access: Read);
        await ExpectAsync(NtStatus.AccessDenied, reader, Set, new byte[8]);
        await ExpectAsync(NtStatus.Success, reader, FsControlCode.GetIntegrityInformation, []);

        static byte[] Ex(byte enable, byte keep, byte flags, byte version) =>
            [enable, keep, 0, 0, flags, 0, 0, 0, version, 0, 0, 0, 0, 0, 0, 0];
    }

    private static byte[] Pattern(int length)
    {
        var data = new byte[length];
        for (var i = 0; i < length; i++)
        {
            data[i] = (byte)(i + (i >> 8) + 1);
        }

        return data;
    }

    private static async Task<(SmbTestFile Source, SmbTestFile Target)> TwoFilesAsync(SmbTestTree tree, int length)
    {
        var source = await tree.OpenAsync("source");
        await source.WriteAsync(0, Pattern(length));
        return (source, await tree.OpenAsync("target"));
    }

    private static Task<SmbTestResponse> CallAsync(SmbTestFile file, FsControlCode code, byte[] input, uint maxOutput = 65536) =>
        file.Tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, input, maxOutput));

    private static async Task<IoctlAnswer> ExpectAsync(
        NtStatus status, SmbTestFile file, FsControlCode code, byte[] input, uint maxOutput = 65536)
    {
        var response = await CallAsync(file, code, input, maxOutput);
        Assert.Equal(status, response.Status);
        return status is NtStatus.Success or NtStatus.BufferOverflow ? IoctlAnswer.Parse(response.Message) : new(code, file.FileId, []);
    }

    private static async Task<byte[]> KeyAsync(SmbTestFile file) =>
        (await ExpectAsync(NtStatus.Success, file, FsControlCode.SrvRequestResumeKey, [])).Output[..24];

    private static async Task<SmbTestResponse> CopyAsync(SmbTestFile source, SmbTestFile target, params CopyChunk[] chunks) =>
        await CallAsync(target, FsControlCode.SrvCopyChunk, FsctlInput.CopyChunks(await KeyAsync(source), chunks));

    private static (uint Chunks, uint ChunkBytes, uint Bytes) Numbers(SmbTestResponse response)
    {
        var output = IoctlAnswer.Parse(response.Message).Output;
        return (BitConverter.ToUInt32(output, 0), BitConverter.ToUInt32(output, 4), BitConverter.ToUInt32(output, 8));
    }

    private static List<(long Offset, long Length)> Ranges(IoctlAnswer answer)
    {
        var ranges = new List<(long, long)>();
        for (var at = 0; at < answer.Output.Length; at += FileRange.Size)
        {
            ranges.Add((BitConverter.ToInt64(answer.Output, at), BitConverter.ToInt64(answer.Output, at + 8)));
        }

        return ranges;
    }
}
