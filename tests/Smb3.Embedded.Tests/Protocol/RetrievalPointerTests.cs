using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>FSCTL_GET_RETRIEVAL_POINTERS and _POINTER_COUNT (MS-FSA 2.1.5.10.15): on which clusters of the volume a file is.</summary>
public sealed class RetrievalPointerTests : ProtocolTest, IDisposable
{
    private const int Cluster = 4096;
    private const int Chunk = 65536 / Cluster; // clusters that memory keeps in one piece
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task The_runs_follow_the_data_and_holes_have_no_place()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await IoctlAsync(file, FsControlCode.SetSparse, []);
        await file.WriteAsync(0, Bytes(2 * 65536));
        await file.WriteAsync(5 * 65536, Bytes(100));
        var (first, runs) = await AskAsync(file, 0);
        Assert.Equal(0, first);
        Assert.Equal([Chunk, 2 * Chunk, 5 * Chunk, (5 * Chunk) + 1], runs.Select(run => run.Next));
        Assert.Equal([false, false, true, false], runs.Select(run => run.Place == -1));
        Assert.Equal(4u, await CountAsync(file, 0));

        // From the middle of a run the whole of it is told; a hole begins where it was asked for.
        Assert.Equal((Chunk, runs[1..]), await AskAsync(file, Chunk + 3), Same);
        Assert.Equal((3 * Chunk, runs[2..]), await AskAsync(file, 3 * Chunk), Same);
        Assert.Equal((5 * Chunk, runs[3..]), await AskAsync(file, 5 * Chunk), Same);
        Assert.Equal(1u, await CountAsync(file, 5 * Chunk));
    }

    [Fact]
    public async Task What_does_not_fit_is_asked_for_again_from_where_it_ended()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await IoctlAsync(file, FsControlCode.SetSparse, []);
        for (var i = 0; i < 200; i += 2)
        {
            await file.WriteAsync((ulong)i * 65536, [1]);
        }

        var whole = await AskAsync(file, 0);
        Assert.Equal(199, whole.Runs.Length);
        Assert.Equal(199u, await CountAsync(file, 0));
        var parts = new List<(long Next, long Place)>();
        while (true)
        {
            var next = parts.Count == 0 ? 0 : parts[^1].Next;
            var (status, first, runs) = await TryAsync(file, next, 16 + (16 * 7) + 5);
            Assert.Equal(next, first);
            Assert.InRange(runs.Length, 1, 7);
            parts.AddRange(runs);
            if (status == NtStatus.Success)
            {
                break;
            }

            Assert.Equal((NtStatus.BufferOverflow, 7), (status, runs.Length));
        }

        Assert.Equal(whole.Runs, parts);
    }

    [Fact]
    public async Task Clones_have_the_places_of_what_they_share()
    {
        var tree = await Server.ConnectToAsync();
        var source = await tree.OpenAsync("source");
        await source.WriteAsync(0, Bytes(3 * 65536));
        var target = await tree.OpenAsync("target");
        await target.WriteAsync(0, Bytes(3 * 65536));
        Assert.NotEqual((await AskAsync(source, 0)).Runs, (await AskAsync(target, 0)).Runs);
        Assert.Equal(NtStatus.Success, await IoctlAsync(target, FsControlCode.DuplicateExtentsToFile, FsctlInput.DuplicateExtents(source.FileId, 0, 0, 3 * 65536)));
        Assert.Equal((await AskAsync(source, 0)).Runs, (await AskAsync(target, 0)).Runs);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_refusal_has_its_status(bool onDisk)
    {
        var store = onDisk ? new PhysicalFileStore(_folder.Path) : null;
        if (onDisk)
        {
            Start(new TestServerOptions { Store = _ => store! });
        }

        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, Bytes(100_000));
        var directory = await tree.OpenAsync("directory", options: CreateOptions.DirectoryFile);
        var empty = await tree.OpenAsync("empty");
        if (store is not null && !store.Traits.Has(StoreAbilities.Extents))
        {
            Assert.Equal(NtStatus.InvalidDeviceRequest, (await TryAsync(file, 0)).Status);
            return;
        }

        Assert.Equal(NtStatus.InvalidParameter, await IoctlAsync(file, FsControlCode.GetRetrievalPointers, new byte[7]));
        Assert.Equal(NtStatus.InvalidParameter, await IoctlAsync(file, FsControlCode.GetRetrievalPointers, new byte[7], 31));
        Assert.Equal(NtStatus.BufferTooSmall, (await TryAsync(file, 0, 31)).Status);
        Assert.Equal(NtStatus.BufferTooSmall, (await TryAsync(file, -1, 31)).Status);
        Assert.Equal(NtStatus.InvalidParameter, (await TryAsync(file, -1)).Status);
        Assert.Equal(NtStatus.InvalidParameter, (await TryAsync(file, long.MinValue)).Status);
        Assert.Equal(NtStatus.Success, (await TryAsync(file, 24)).Status);
        Assert.Equal(NtStatus.EndOfFile, (await TryAsync(file, 1 << 20)).Status);
        Assert.Equal(NtStatus.EndOfFile, (await TryAsync(file, long.MaxValue)).Status);
        Assert.Equal(NtStatus.EndOfFile, (await TryAsync(directory, 0)).Status);
        Assert.Equal(NtStatus.EndOfFile, (await TryAsync(empty, 0)).Status);
        Assert.Equal(NtStatus.BufferTooSmall, await IoctlAsync(file, FsControlCode.GetRetrievalPointerCount, new byte[8], 3));
        Assert.Equal(NtStatus.EndOfFile, await IoctlAsync(empty, FsControlCode.GetRetrievalPointerCount, new byte[8]));
    }

    [Fact]
    public async Task A_folder_tells_where_its_file_system_has_put_the_data()
    {
        var store = new PhysicalFileStore(_folder.Path);
        Start(new TestServerOptions { Store = _ => store });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, Bytes(100_000));
        var stream = await tree.OpenAsync("file:large");
        await stream.WriteAsync(0, Bytes(100_000));
        var small = await tree.OpenAsync("file:small");
        await small.WriteAsync(0, Bytes(100));
        if (!store.Traits.Has(StoreAbilities.Extents))
        {
            return;
        }

        // It needs no right but to have the file open: then it is open for nothing on the disk either.
        var looking = await tree.OpenAsync("file", CreateDisposition.Open, FileAccessMask.ReadAttributes);
        var found = await AskAsync(looking, 0);
        Assert.Equal(await AskAsync(file, 0), found, Same);
        Assert.Equal(25, found.Runs[^1].Next);
        Assert.All(found.Runs, run => Assert.NotEqual(0, run.Place));
        Assert.Contains(found.Runs, run => run.Place > 0);
        var ofStream = await AskAsync(stream, 0);
        Assert.Equal(25, ofStream.Runs[^1].Next);
        Assert.NotEqual(found.Runs[0].Place, ofStream.Runs[0].Place);
        Assert.Equal(NtStatus.EndOfFile, (await TryAsync(small, 0)).Status);
    }

    private static bool Same((long First, (long, long)[] Runs) one, (long First, (long, long)[] Runs) other) =>
        one.First == other.First && one.Runs.SequenceEqual(other.Runs);

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        bytes.AsSpan().Fill(7);
        return bytes;
    }

    private static async Task<(long First, (long Next, long Place)[] Runs)> AskAsync(SmbTestFile file, long first)
    {
        var (status, starting, runs) = await TryAsync(file, first);
        Assert.Equal(NtStatus.Success, status);
        return (starting, runs);
    }

    private static async Task<(NtStatus Status, long First, (long Next, long Place)[] Runs)> TryAsync(
        SmbTestFile file, long first, uint room = 65536)
    {
        var response = await CallAsync(file, FsControlCode.GetRetrievalPointers, BitConverter.GetBytes(first), room);
        if (response.Status is not (NtStatus.Success or NtStatus.BufferOverflow))
        {
            return (response.Status, 0, []);
        }

        var output = IoctlAnswer.Parse(response.Message).Output;
        var runs = new (long, long)[BitConverter.ToInt32(output)];
        Assert.Equal(16 + (16 * runs.Length), output.Length);
        for (var i = 0; i < runs.Length; i++)
        {
            runs[i] = (BitConverter.ToInt64(output, 16 + (16 * i)), BitConverter.ToInt64(output, 24 + (16 * i)));
        }

        return (response.Status, BitConverter.ToInt64(output, 8), runs);
    }

    private static async Task<uint> CountAsync(SmbTestFile file, long first)
    {
        var response = await CallAsync(file, FsControlCode.GetRetrievalPointerCount, BitConverter.GetBytes(first), 65536);
        var output = IoctlAnswer.Parse(response.Expect(NtStatus.Success).Message).Output;
        Assert.Equal(4, output.Length);
        return BitConverter.ToUInt32(output);
    }

    private static async Task<NtStatus> IoctlAsync(SmbTestFile file, FsControlCode code, byte[] input, uint room = 65536) =>
        (await CallAsync(file, code, input, room)).Status;

    private static Task<SmbTestResponse> CallAsync(SmbTestFile file, FsControlCode code, byte[] input, uint room) =>
        file.Tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(code, file.FileId, input, room));
}
