using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>FSCTL_OFFLOAD_READ and FSCTL_OFFLOAD_WRITE (MS-FSA 2.1.5.10.20 and .21): what they do, and every status that refuses them.</summary>
public sealed class OffloadTests : ProtocolTest, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private const FsControlCode Reading = FsControlCode.OffloadRead;
    private const FsControlCode Writing = FsControlCode.OffloadWrite;

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task What_a_token_stands_for_is_written_elsewhere()
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 1 << 20);
        var target = await MakeAsync(tree, "target", 1 << 20, blank: true);
        var (token, length, flags) = await ReadAsync(source, 0, 1 << 20);
        Assert.Equal((1L << 20, 0u), (length, flags));
        Assert.Equal(1L << 19, await WriteAsync(target, token, 0, 1 << 19, 1 << 19));
        Assert.Equal(1L << 19, await WriteAsync(target, token, 1 << 19, 1 << 19));
        Assert.Equal(Pattern(1 << 20)[(1 << 19)..], await target.ReadAsync(0, 1 << 19));
        Assert.Equal(Pattern(1 << 20)[..(1 << 19)], await target.ReadAsync(1 << 19, 1 << 19));
    }

    [Fact]
    public async Task The_last_sector_counts_as_a_whole_and_the_end_of_the_target_stays()
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 1000);
        var target = await MakeAsync(tree, "target", 1020);
        await target.WriteAsync(0, [.. Enumerable.Repeat((byte)0xEE, 1020)]);
        var (token, length, flags) = await ReadAsync(source, 512, 65536);
        Assert.Equal((512L, 1u), (length, flags));
        Assert.Equal(512L, await WriteAsync(target, token, 512, 65536));
        Assert.Equal(Join(Pattern(1000)[512..], new byte[20]), await target.ReadAsync(512, 4096));
    }

    [Fact]
    public async Task No_more_is_written_than_there_is()
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 4096);
        var target = await MakeAsync(tree, "target", 4096, blank: true);
        var (token, _, _) = await ReadAsync(source, 1024, 1024);
        Assert.Equal(512L, await WriteAsync(target, token, 0, 4096, 512));
        Assert.Equal(Join(Pattern(4096)[1536..2048], new byte[4096 - 512]), await target.ReadAsync(0, 4096));
        Assert.Equal(512L, await WriteAsync(target, token, 3584, 1024));
        await ExpectAsync(NtStatus.InvalidParameter, target, Writing, FsctlInput.OffloadWrite(token, 0, 512, 1024));
    }

    [Fact]
    public async Task One_call_copies_a_limited_amount()
    {
        var limits = new ServerLimits { MaxCopyChunkSize = 4000, MaxCopySize = 9000 };
        Start(new ServerSettings { Limits = limits });
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 20_000);
        var target = await MakeAsync(tree, "target", 20_000, blank: true);
        var (token, _, _) = await ReadAsync(source, 0, 20_480);
        Assert.Equal(8704L, await WriteAsync(target, token, 0, 20_480));
        Assert.Equal(8704L, await WriteAsync(target, token, 8704, 11_776, 8704));
        Assert.Equal(3072L, await WriteAsync(target, token, 17_408, 3072, 17_408));
        Assert.Equal(Pattern(20_000), await target.ReadAsync(0, 20_000));
    }

    [Fact]
    public async Task The_token_of_zeros_needs_no_source()
    {
        var tree = await Server.ConnectToAsync();
        var target = await MakeAsync(tree, "target", 8192);
        Assert.Equal(4096L, await WriteAsync(target, Zeros(), 1024, 4096, 1 << 30));
        Assert.Equal(Join(Pattern(8192)[..1024], new byte[4096], Pattern(8192)[5120..]), await target.ReadAsync(0, 8192));
    }

    [Theory]
    [InlineData(0, 512, false)]
    [InlineData(4096, 512, true)]
    public async Task A_token_is_no_good_when_its_data_has_changed(ulong readAt, ulong length, bool stays)
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 8192);
        var target = await MakeAsync(tree, "target", 8192, blank: true);
        var (token, _, _) = await ReadAsync(source, readAt, length);
        var other = await tree.OpenAsync("source");
        await other.WriteAsync(100, [9]);

        // Beside the range it is the time of the file that says that something has changed: nobody can tell what.
        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite(token, 0, 512));
        Assert.Equal(new byte[512], await target.ReadAsync(0, 512));
        (token, _, _) = await ReadAsync(source, readAt, length);
        Assert.Equal(512L, await WriteAsync(target, token, 0, 512));
        Assert.Equal(stays ? Pattern(8192)[4096] : (byte)1, (await target.ReadAsync(0, 512))[0]);
    }

    [Fact]
    public async Task A_cut_and_an_overwrite_spoil_a_token_too()
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 8192);
        var target = await MakeAsync(tree, "target", 8192);
        var (token, _, _) = await ReadAsync(source, 0, 512);
        await (await tree.OpenAsync("source", CreateDisposition.Overwrite)).CloseAsync();
        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite(token, 0, 512));
    }

    [Fact]
    public async Task A_token_ends_with_its_open_and_with_its_time()
    {
        var time = new FakeTimeProvider();
        Start(new ServerSettings { TimeProvider = time });
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 4096);
        var target = await MakeAsync(tree, "target", 4096);
        var (brief, _, _) = await ReadAsync(source, 0, 4096, 1000);
        var (usual, _, _) = await ReadAsync(source, 0, 4096);
        time.Advance(TimeSpan.FromSeconds(2));
        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite(brief, 0, 4096));
        Assert.Equal(4096L, await WriteAsync(target, usual, 0, 4096));
        await source.CloseAsync();
        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite(usual, 0, 4096));
        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite([1, 2, 3], 0, 4096));
    }

    [Fact]
    public async Task A_token_is_good_for_its_user_only()
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 4096);
        var (token, _, _) = await ReadAsync(source, 0, 4096);
        var bob = await (await Server.LogOnAsync(user: TestServer.Bob)).ConnectAsync("data");
        var target = await MakeAsync(bob, "target", 4096);
        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite(token, 0, 4096));
        var again = await Server.ConnectToAsync("open");
        Assert.Equal(4096L, await WriteAsync(await again.OpenAsync("target"), token, 0, 4096));
    }

    [Fact]
    public async Task A_file_can_be_copied_within_itself()
    {
        var tree = await Server.ConnectToAsync();
        var file = await MakeAsync(tree, "file", 65536);
        var (token, _, _) = await ReadAsync(file, 0, 8192);
        Assert.Equal(4096L, await WriteAsync(file, token, 32768, 4096));
        Assert.Equal(4096L, await WriteAsync(file, token, 36864, 4096, 4096));
        Assert.Equal(Pattern(8192), await file.ReadAsync(32768, 8192));
        Assert.Equal(8192L, await WriteAsync(file, token, 4096, 8192));
        Assert.Equal(Pattern(8192), await file.ReadAsync(4096, 8192));
        await ExpectAsync(NtStatus.InvalidToken, file, Writing, FsctlInput.OffloadWrite(token, 0, 4096));
    }

    [Fact]
    public async Task A_folder_copies_by_token_until_a_program_changes_the_file()
    {
        using var store = new PhysicalFileStore(_folder.Path);
        Start(new TestServerOptions { Store = _ => store });
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 300_000);
        var target = await MakeAsync(tree, "target", 300_000, blank: true);
        var (token, length, _) = await ReadAsync(source, 0, 300_032);
        Assert.Equal(300_032L, length);
        Assert.Equal(300_032L, await WriteAsync(target, token, 0, 300_032));
        Assert.Equal(Pattern(300_000), await target.ReadAsync(0, 300_000));

        await Task.Delay(50); // behind the tick of the file system's clock
        await using (var outside = File.OpenWrite(Path.Join(_folder.Path, "source")))
        {
            outside.WriteByte(99);
        }

        await ExpectAsync(NtStatus.InvalidToken, target, Writing, FsctlInput.OffloadWrite(token, 0, 512));
        Assert.Equal(512L, await WriteAsync(target, Zeros(), 0, 512));
        Assert.Equal(new byte[512], await target.ReadAsync(0, 512));
        await source.CloseAsync();
        await target.CloseAsync();
    }

    [Fact]
    public async Task What_cannot_be_read_is_refused()
    {
        var tree = await Server.ConnectToAsync();
        var file = await MakeAsync(tree, "file", 4096);
        await ExpectAsync(NtStatus.BufferTooSmall, file, Reading, FsctlInput.OffloadRead(0, 512)[..31]);
        await ExpectAsync(NtStatus.BufferTooSmall, file, Reading, FsctlInput.OffloadRead(0, 512), maxOutput: 527);
        await ExpectAsync(NtStatus.InvalidParameter, file, Reading, FsctlInput.OffloadRead(1, 512));
        await ExpectAsync(NtStatus.InvalidParameter, file, Reading, FsctlInput.OffloadRead(0, 511));
        await ExpectAsync(NtStatus.InvalidParameter, file, Reading, [31, .. FsctlInput.OffloadRead(0, 512)[1..]]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Reading, FsctlInput.OffloadRead(ulong.MaxValue - 511, 1024));
        await ExpectAsync(NtStatus.InvalidParameter, file, Reading, FsctlInput.OffloadRead(1UL << 63, 512));
        await ExpectAsync(NtStatus.EndOfFile, file, Reading, FsctlInput.OffloadRead(4096, 512));
        Assert.Equal(0L, (await ReadAsync(file, 0, 0)).Length);
        Assert.Equal(4096L, (await ReadAsync(file, 0, (1UL << 63) - 512)).Length);

        var other = await tree.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await other.LockAsync(0, 10));
        await ExpectAsync(NtStatus.FileLockConflict, file, Reading, FsctlInput.OffloadRead(0, 512));
        var writer = await tree.OpenAsync("file", access: FileAccessMask.FileGenericWrite);
        await ExpectAsync(NtStatus.AccessDenied, writer, Reading, FsctlInput.OffloadRead(0, 512));

        var directory = await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile);
        await ExpectAsync(NtStatus.OffloadReadFileNotSupported, directory, Reading, FsctlInput.OffloadRead(0, 512));
        var small = await MakeAsync(tree, "small", 511);
        await ExpectAsync(NtStatus.InvalidParameter, small, Reading, FsctlInput.OffloadRead(0, 512));
        var sparse = await MakeAsync(tree, "sparse", 4096);
        await ExpectAsync(NtStatus.Success, sparse, FsControlCode.SetSparse, []);
        await ExpectAsync(NtStatus.OffloadReadFileNotSupported, sparse, Reading, FsctlInput.OffloadRead(0, 512));
        var packed = await MakeAsync(tree, "packed", 4096);
        await ExpectAsync(NtStatus.Success, packed, FsControlCode.SetCompression, [1, 0]);
        await ExpectAsync(NtStatus.OffloadReadFileNotSupported, packed, Reading, FsctlInput.OffloadRead(0, 512));
    }

    [Fact]
    public async Task What_cannot_be_written_is_refused()
    {
        var tree = await Server.ConnectToAsync();
        var source = await MakeAsync(tree, "source", 4096);
        var (token, _, _) = await ReadAsync(source, 0, 4096);
        var file = await MakeAsync(tree, "file", 4096);
        var good = FsctlInput.OffloadWrite(token, 0, 512);
        await ExpectAsync(NtStatus.BufferTooSmall, file, Writing, good[..^1]);
        await ExpectAsync(NtStatus.BufferTooSmall, file, Writing, good, maxOutput: 15);
        await ExpectAsync(NtStatus.InvalidParameter, file, Writing, FsctlInput.OffloadWrite(token, 1, 512));
        await ExpectAsync(NtStatus.InvalidParameter, file, Writing, FsctlInput.OffloadWrite(token, 0, 513));
        await ExpectAsync(NtStatus.InvalidParameter, file, Writing, FsctlInput.OffloadWrite(token, 0, 512, 7));
        await ExpectAsync(NtStatus.InvalidParameter, file, Writing, [31, .. good[1..]]);
        await ExpectAsync(NtStatus.InvalidParameter, file, Writing, FsctlInput.OffloadWrite(token, ulong.MaxValue - 511, 1024));
        await ExpectAsync(NtStatus.InvalidParameter, file, Writing, FsctlInput.OffloadWrite(token, (1UL << 63) - 512, 512));
        await ExpectAsync(NtStatus.EndOfFile, file, Writing, FsctlInput.OffloadWrite(token, 4096, 512));
        Assert.Equal(0L, await WriteAsync(file, token, 0, 0));

        var other = await tree.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await other.LockAsync(0, 10, LockFlags.Shared | LockFlags.FailImmediately));
        await ExpectAsync(NtStatus.FileLockConflict, file, Writing, good);
        await other.CloseAsync();
        var reader = await tree.OpenAsync("file", access: FileAccessMask.FileGenericRead);
        await ExpectAsync(NtStatus.AccessDenied, reader, Writing, good);

        var readOnly = await Server.ConnectToAsync("readonly");
        var locked = await readOnly.OpenAsync("file", CreateDisposition.Open, FileAccessMask.FileGenericRead);
        await ExpectAsync(NtStatus.AccessDenied, locked, Writing, good);
        var directory = await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile);
        await ExpectAsync(NtStatus.OffloadWriteFileNotSupported, directory, Writing, good);
        var small = await MakeAsync(tree, "small", 511);
        await ExpectAsync(NtStatus.InvalidParameter, small, Writing, good);
        var sparse = await MakeAsync(tree, "sparse", 4096);
        await ExpectAsync(NtStatus.Success, sparse, FsControlCode.SetSparse, []);
        await ExpectAsync(NtStatus.OffloadWriteFileNotSupported, sparse, Writing, good);
        Assert.Equal(512L, await WriteAsync(file, token, 0, 512));
    }

    private static byte[] Zeros()
    {
        var token = new byte[512];
        token[0] = token[1] = 0xFF;
        token[3] = 1;
        return token;
    }

    private static byte[] Join(params byte[][] parts) => [.. parts.SelectMany(part => part)];

    private static byte[] Pattern(int length)
    {
        var data = new byte[length];
        for (var i = 0; i < length; i++)
        {
            data[i] = (byte)(i + (i >> 8) + 1);
        }

        return data;
    }

    private static async Task<SmbTestFile> MakeAsync(SmbTestTree tree, string name, int length, bool blank = false)
    {
        var file = await tree.OpenAsync(name);
        await file.WriteAsync(0, blank ? new byte[length] : Pattern(length));
        return file;
    }

    private static async Task<byte[]> ExpectAsync(NtStatus status, SmbTestFile file, FsControlCode code, byte[] input, uint maxOutput = 65536)
    {
        var response = await file.Tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, input, maxOutput));
        Assert.Equal(status, response.Status);
        return status == NtStatus.Success ? IoctlAnswer.Parse(response.Message).Output : [];
    }

    private static async Task<(byte[] Token, long Length, uint Flags)> ReadAsync(
        SmbTestFile file, ulong offset, ulong length, uint timeToLive = 0)
    {
        var output = await ExpectAsync(NtStatus.Success, file, Reading, FsctlInput.OffloadRead(offset, length, timeToLive));
        Assert.Equal(528, output.Length);
        Assert.Equal(528, BitConverter.ToInt32(output, 0));
        return (output[16..], BitConverter.ToInt64(output, 8), BitConverter.ToUInt32(output, 4));
    }

    private static async Task<long> WriteAsync(SmbTestFile file, byte[] token, ulong offset, ulong length, ulong transferOffset = 0)
    {
        var output = await ExpectAsync(NtStatus.Success, file, Writing, FsctlInput.OffloadWrite(token, offset, length, transferOffset));
        Assert.Equal((16, 16, 0u), (output.Length, BitConverter.ToInt32(output, 0), BitConverter.ToUInt32(output, 4)));
        return BitConverter.ToInt64(output, 8);
    }
}
