using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Pipes;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Fscc;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// No response has a byte in it that stood in a pooled buffer before: what others have read and written went through the same buffers.
/// Every request is sent twice, with the pool full of one byte and then of another; a place where both come back was not written by the
/// server. Client and server run on one thread, which gets back from the pool what it has just put there.
/// </summary>
public sealed class FormerContentsTests : ProtocolTest
{
    private const byte First = 0xA5;
    private const byte Second = 0x5A;

    private static readonly uint[] Lengths = [8, 12, 23, 25, 41, 65, 100, 104, 107, 200, 301, 4096];

    [Fact]
    public async Task What_a_store_leaves_unwritten_would_be_seen()
    {
        Start(new TestServerOptions { Inline = true, Store = _ => new CarelessStore() });
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file", CreateDisposition.Open, FileAccessMask.FileGenericRead);
        Assert.NotEmpty(await FormerAsync(tree, file.ReadRequest(0, 100)));
    }

    [Fact]
    public async Task Data_and_holes()
    {
        var tree = await StartAsync();
        foreach (var name in new[] { "holes", "file:holes" })
        {
            var file = await tree.OpenAsync(name);
            await file.WriteAsync(70_000, [1]);
            await file.WriteAsync(200_000, [1]);
            foreach (var (offset, length) in new (uint, uint)[] { (0, 4096), (69_000, 2000), (65_530, 20), (69_999, 3), (199_990, 100), (0, 65_536), (100_000, 65_536) })
            {
                await AssertAsync(tree, file.ReadRequest(offset, length));
                var data = await file.ReadAsync(offset, length);
                Assert.True(data.Count(value => value != 0) <= 1, "A hole that is not zeros.");
            }
        }

        // What was there before the file was cut is not there when it grows again.
        var cut = await tree.OpenAsync("cut");
        await cut.WriteAsync(0, [.. Enumerable.Repeat((byte)7, 10_000)]);
        await SetSizeAsync(cut, FileInformationClass.FileEndOfFileInformation, 3);
        await SetSizeAsync(cut, FileInformationClass.FileEndOfFileInformation, 10_000);
        Assert.Equal([7, 7, 7, .. new byte[9997]], await cut.ReadAsync(0, 10_000));

        // Nor is it there for who only says that it is.
        var said = await cut.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
            cut.FileId, FileInformationClass.FileValidDataLengthInformation, SetBuffer.Size(10_000)));
        Assert.Equal(NtStatus.PrivilegeNotHeld, said.Status);
    }

    [Fact]
    public async Task What_is_told_of_files_and_volumes()
    {
        var tree = await StartAsync(posix: true);
        var file = await tree.OpenAsync("a file with an odd name.x", access: FileAccessMask.FileAllAccess);
        (await tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(
            file.FileId, FileInformationClass.FileFullEaInformation, SetBuffer.FullEa(("A"u8.ToArray(), [1]), ("BBB"u8.ToArray(), [1, 2]), ("CC"u8.ToArray(), [3])))))
            .Expect(NtStatus.Success);
        await (await tree.OpenAsync("a file with an odd name.x:s1")).CloseAsync();
        await (await tree.OpenAsync("a file with an odd name.x:stream")).CloseAsync();
        foreach (var open in new[] { file, await tree.OpenAsync("", options: CreateOptions.DirectoryFile, access: FileAccessMask.FileGenericRead) })
        {
            foreach (var length in Lengths)
            {
                foreach (var informationClass in Enum.GetValues<FileInformationClass>())
                {
                    await AssertAsync(tree, tree.Request(Smb2Command.QueryInfo, RequestBody.QueryInfo(
                        open.FileId, Smb2InfoType.File, (byte)informationClass, length, flags: Smb3.Embedded.Wire.Info.QueryInfoFlags.RestartScan)));
                }

                foreach (var informationClass in Enum.GetValues<FsInformationClass>())
                {
                    await AssertAsync(tree, tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFileSystem(open.FileId, informationClass, length)));
                }

                await AssertAsync(tree, tree.Request(Smb2Command.QueryInfo, RequestBody.QueryInfo(
                    open.FileId, Smb2InfoType.Security, 0, length, additionalInformation: 7)));
                await AssertAsync(tree, tree.Request(Smb2Command.QueryInfo, RequestBody.QueryInfo(
                    open.FileId, Smb2InfoType.Quota, 0, length, input: [0, 1, .. new byte[14]])));
            }
        }
    }

    [Fact]
    public async Task Listings()
    {
        var tree = await StartAsync(posix: true);
        for (var i = 1; i < 12; i++)
        {
            await (await tree.OpenAsync(new string('n', i) + ".longer than short")).CloseAsync();
        }

        var directory = await tree.OpenAsync("", options: CreateOptions.DirectoryFile, access: FileAccessMask.FileGenericRead);
        foreach (var informationClass in Enum.GetValues<FileInformationClass>())
        {
            foreach (var length in Lengths)
            {
                await AssertAsync(tree, tree.Request(Smb2Command.QueryDirectory, RequestBody.QueryDirectory(
                    directory.FileId, "*", informationClass, Smb3.Embedded.Wire.Info.QueryDirectoryFlags.RestartScans, length)));
            }
        }
    }

    [Fact]
    public async Task Opens_with_every_context_and_errors_with_data()
    {
        var tree = await StartAsync(posix: true);
        var link = await tree.OpenAsync("link", options: CreateOptions.OpenReparsePoint);
        var buffer = new byte[ReparseDataBuffer.SymlinkSize(7, 7)];
        ReparseDataBuffer.WriteSymlink(buffer, "target1", "target1", isRelative: true);
        (await tree.CallAsync(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.SetReparsePoint, link.FileId, buffer))).Expect(NtStatus.Success);
        await link.CloseAsync();
        await AssertAsync(tree, tree.Request(Smb2Command.Create, RequestBody.Create(@"link\below")));
        await AssertAsync(tree, tree.Request(Smb2Command.Create, RequestBody.Create("no such file", disposition: CreateDisposition.Open)));
        await AssertAsync(tree, tree.Request(Smb2Command.Create, RequestBody.Create("opened", contexts: (ref CreateContextWriter writer) =>
        {
            writer.AskMaximalAccess();
            writer.AskOnDiskId();
            writer.Begin(CreateContextName.Posix, 4);
        })));
        await AssertAsync(tree, tree.Request(Smb2Command.Create, RequestBody.Create("leased", oplock: Smb2OplockLevel.Lease, contexts: (ref CreateContextWriter writer) =>
        {
            writer.AskMaximalAccess();
            writer.AskOnDiskId();
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, Guid.NewGuid()));
            writer.Lease(new LeaseContext { Version = 2, LeaseKey = Guid.NewGuid(), State = Smb2LeaseState.Read | Smb2LeaseState.Handle });
        })));
    }

    [Fact]
    public async Task Controls()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("file", access: FileAccessMask.FileAllAccess);
        await file.WriteAsync(100_000, [1]);
        foreach (var code in Enum.GetValues<FsControlCode>())
        {
            if (code == FsControlCode.ValidateNegotiateInfo)
            {
                continue; // What does not match ends the connection.
            }

            foreach (var length in Lengths)
            {
                foreach (var fileId in new[] { file.FileId, SmbTestFile.Previous })
                {
                    await AssertAsync(tree, tree.Request(
                        Smb2Command.Ioctl, RequestBody.Ioctl(code, fileId, FsctlInput.Range(0, 1 << 20), length)));
                }
            }
        }
    }

    [Fact]
    public async Task Compounds()
    {
        var tree = await StartAsync();
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, [1, 2, 3, 4, 5]);
        var name = tree.Request(Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, FileInformationClass.FileNameInformation));
        SmbTestRequest[] requests = [file.ReadRequest(0, 5), name, file.ReadRequest(9, 1), file.ReadRequest(1, 1)];
        var first = await SendAsync(First);
        var second = await SendAsync(Second);
        for (var i = 0; i < first.Length; i++)
        {
            Assert.Empty(Former(first[i], second[i]));
        }

        async Task<byte[][]> SendAsync(byte filling)
        {
            Fill(filling);
            var calls = await tree.Session.Connection.SendAsync(requests);
            var messages = new List<byte[]>();
            foreach (var call in calls)
            {
                messages.Add((await call.ResponseAsync()).Message);
            }

            return [.. messages];
        }
    }

    [Fact]
    public async Task Notices_of_changes()
    {
        var tree = await StartAsync();
        var directory = await tree.OpenAsync("", options: CreateOptions.DirectoryFile, access: FileAccessMask.FileGenericRead);
        var watch = tree.Request(Smb2Command.ChangeNotify, RequestBody.ChangeNotify(directory.FileId));
        var begun = await tree.Session.Connection.SendAsync(watch);
        await (await tree.OpenAsync("first")).CloseAsync();
        (await begun.ResponseAsync()).Expect(NtStatus.Success);
        var first = await NotifyAsync(First);
        var second = await NotifyAsync(Second);
        Assert.True(first.Length > Smb2Header.Size + 60);
        Assert.Empty(Former(first, second));

        async Task<byte[]> NotifyAsync(byte filling)
        {
            await (await tree.OpenAsync("odd", CreateDisposition.OpenIf, options: CreateOptions.DeleteOnClose)).CloseAsync();
            await (await tree.OpenAsync("odd.x", CreateDisposition.OpenIf, options: CreateOptions.DeleteOnClose)).CloseAsync();
            Fill(filling);
            return (await tree.Session.CallAsync(watch)).Expect(NtStatus.Success).Message;
        }
    }

    [Fact]
    public async Task Answers_of_pipes()
    {
        await StartAsync();
        var session = await Server.LogOnAsync();
        var tree = await session.ConnectAsync("IPC$");
        foreach (var name in new[] { "srvsvc", "wkssvc", "lsarpc" })
        {
            var pipe = await tree.OpenAsync(name, CreateDisposition.Open);
            var bind = PipeClient.BindPdu(
                RpcPacketType.Bind, 0, 4280, (PipeClient.SrvSvc, 3, RpcSyntax.Ndr), (PipeClient.LsaRpc, 0, RpcSyntax.Ndr), (PipeClient.SrvSvc, 3, PipeClient.Ndr64));
            await AssertAsync(tree, Transceive(bind));
            for (ushort opnum = 0; opnum < 60; opnum++)
            {
                await AssertAsync(tree, Transceive(PipeClient.RequestPdu(opnum, new byte[64])));
            }

            await AssertAsync(tree, tree.Request(
                Smb2Command.QueryInfo, RequestBody.QueryFile(pipe.FileId, FileInformationClass.FileAllInformation)));
            await AssertAsync(tree, tree.Request(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.PipePeek, pipe.FileId, [])));
            await pipe.CloseAsync();

            SmbTestRequest Transceive(byte[] pdu) =>
                tree.Request(Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.PipeTransceive, pipe.FileId, pdu));
        }
    }

    /// <summary>The places in the response that nobody has written, as far as two fillings of the pool show them.</summary>
    private async Task<int[]> FormerAsync(SmbTestTree tree, SmbTestRequest request)
    {
        Fill(First);
        var first = (await tree.Session.CallAsync(request)).Message;
        Fill(Second);
        return Former(first, (await tree.Session.CallAsync(request)).Message);
    }

    private async Task AssertAsync(
        SmbTestTree tree, SmbTestRequest request, [CallerArgumentExpression(nameof(request))] string what = "")
    {
        var places = await FormerAsync(tree, request);
        Assert.True(places.Length == 0, $"{what}: {request.Body[2]}, {request.Body[3]}: at {string.Join(' ', places)}");
    }

    /// <summary>Behind the header, whose signature may be anything.</summary>
    private static int[] Former(byte[] first, byte[] second) =>
        [.. Enumerable.Range(0, Math.Min(first.Length, second.Length)).Where(i => i >= Smb2Header.Size && first[i] == First && second[i] == Second)];

    private void Fill(byte filling)
    {
        const int Each = 6;
        var taken = new List<byte[]>();
        for (var size = 16; size <= 1 << 18; size *= 2)
        {
            for (var i = 0; i < Each; i++)
            {
                taken.Add(Server.Bytes.Rent(size));
            }
        }

        foreach (var array in taken)
        {
            array.AsSpan().Fill(filling);
            Server.Bytes.Return(array);
        }
    }

    private static async Task SetSizeAsync(SmbTestFile file, FileInformationClass informationClass, long size) =>
        (await file.Tree.CallAsync(Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, informationClass, SetBuffer.Size(size))))
            .Expect(NtStatus.Success);

    private async Task<SmbTestTree> StartAsync(bool posix = false)
    {
        Start(new TestServerOptions { Inline = true });
        return await Server.ConnectToAsync(posix ? "posix" : "data", new SmbTestClientOptions { Posix = posix });
    }

    /// <summary>Says that it has read, and has written nothing into the buffer.</summary>
    private sealed class CarelessStore : ReadOnlyFileStore
    {
        private static readonly ReadOnlyEntry File = ReadOnlyEntry.File("file", 1000, DateTimeOffset.UnixEpoch);

        protected internal override ValueTask<ReadOnlyEntry?> FindAsync(StorePath path, CancellationToken cancellationToken) =>
            new(path.IsRoot ? ReadOnlyEntry.Directory("") : File);

        protected internal override async IAsyncEnumerable<ReadOnlyEntry> ListAsync(
            StorePath directory, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield return File;
        }

        protected internal override ValueTask<Stream> OpenReadAsync(StorePath path, CancellationToken cancellationToken) => new(new CarelessStream());
    }

    private sealed class CarelessStream : MemoryStream
    {
        public CarelessStream()
            : base(new byte[1000])
        {
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);

        public override int Read(Span<byte> buffer) => buffer.Length;
    }
}
