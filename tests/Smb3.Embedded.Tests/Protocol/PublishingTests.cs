using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>
/// A CREATE enters the tables when nothing can fail any more: whichever call of the store fails, it leaves nothing behind that nobody
/// knows of.
/// </summary>
public sealed class PublishingTests : ProtocolTest
{
    private static readonly Guid CreateGuid = new("11111111-2222-3333-4444-555555555555");

    private readonly SmbTestClientOptions _client = new() { ClientGuid = Guid.NewGuid() };
    private readonly SmbTestClientOptions _posixClient = new() { Posix = true };
    private readonly StoreCalls _calls = new();

    [Theory]
    [InlineData("data", "new", CreateDisposition.Create, true)]
    [InlineData("data", "new", CreateDisposition.Create, false)]
    [InlineData("data", "new:stream", CreateDisposition.Create, true)]
    [InlineData("data", "new:stream", CreateDisposition.Create, false)]
    [InlineData("data", "old", CreateDisposition.Open, true)]
    [InlineData("data", "old", CreateDisposition.Open, false)]
    [InlineData("data", "old:stream", CreateDisposition.Create, true)]
    [InlineData("data", "old:stream", CreateDisposition.Create, false)]
    [InlineData("data", "old", CreateDisposition.OverwriteIf, true)]
    [InlineData("posix", "new", CreateDisposition.Create, true)]
    [InlineData("posix", "old", CreateDisposition.Open, false)]
    public async Task A_create_that_fails_at_any_call_of_the_store_leaves_nothing_open(
        string share, string name, CreateDisposition disposition, bool throws)
    {
        Start(new TestServerOptions
        {
            Store = store => new CountedStore(store, _calls),
            Settings = new ServerSettings { PosixExtensions = true },
            FaultsExpected = true,
        });
        var tree = await Server.ConnectToAsync(share, share == "posix" ? _posixClient : null);
        var session = Server.Graph.FindSession(tree.Session.SessionId)!;
        await (await tree.OpenAsync("old")).CloseAsync();
        var body = RequestBody.Create(
            name, SmbTestTree.ReadWrite | FileAccessMask.Delete, disposition, ShareAccess.None, CreateOptions.DeleteOnClose,
            oplock: Smb2OplockLevel.Batch, contexts: (ref CreateContextWriter writer) =>
            {
                writer.AskMaximalAccess();
                writer.AskOnDiskId();
                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, CreateGuid));
                if (share == "posix")
                {
                    writer.Raw(CreateContextName.Posix, BitConverter.GetBytes(0x1A4));
                }
            });

        for (var n = 1; ; n++)
        {
            Assert.True(n < 100);
            _calls.Restart();
            var broken = string.Empty;
            _calls.Before = (number, call) => number != n ? new(NtStatus.Success)
                : throws ? throw new InvalidOperationException($"The store is broken at {broken = call}.") : new(NtStatus.UnexpectedIoError);
            var response = await tree.CallAsync(Smb2Command.Create, body);
            _calls.Before = null;
            var count = _calls.Count;
            if (response.Status == NtStatus.Success)
            {
                // A failure to say more of the file is told, or left out, and what is open is the client's.
                await new SmbTestFile(tree, CreateAnswer.Parse(response.Message)).CloseAsync();
                await (await tree.OpenAsync("old")).CloseAsync();
                if (count < n)
                {
                    break;
                }

                await RemoveNewAsync(tree);
            }

            Assert.Equal(0, session.Opens.Count);
            Assert.Equal(0, Server.Graph.Opens.Count);
            Assert.Equal(0, Server.Volume.OpenCount);
            Assert.Equal(0, Server.Volume.OpenFiles.Count);
            Assert.Equal(0, _calls.Handles);

            // What was there is, its share modes are free, and what was not there is not: no DELETE_ON_CLOSE of an open that never was.
            if (response.Status != NtStatus.Success)
            {
                await (await tree.OpenAsync("old", CreateDisposition.Open, share: ShareAccess.None)).CloseAsync();
                if (name != "old")
                {
                    Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync(name));
                }

                // Once others could open it, the file around a stream stays.
                if (name != "new:stream" || broken is not ("security" or "volume"))
                {
                    Assert.Equal(NtStatus.ObjectNameNotFound, await tree.TryOpenAsync("new"));
                }
                else
                {
                    await RemoveNewAsync(tree);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reconnect_that_fails_at_any_call_of_the_store_leaves_the_open_to_its_client(bool throws)
    {
        Start(new TestServerOptions { Store = store => new CountedStore(store, _calls), FaultsExpected = true });
        var tree = await Server.ConnectToAsync(options: _client);
        var create = RequestBody.Create("f", oplock: Smb2OplockLevel.Batch, contexts: (ref CreateContextWriter writer) =>
            writer.AskDurableHandleV2(new DurableHandleRequestV2(0, 0, CreateGuid)));
        var answer = CreateAnswer.Parse((await tree.CallAsync(Smb2Command.Create, create)).Expect(NtStatus.Success).Message);
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount == 1, "the open waits");

        tree = await Server.ConnectToAsync(options: _client);
        var session = Server.Graph.FindSession(tree.Session.SessionId)!;
        var body = RequestBody.Create("f", contexts: (ref CreateContextWriter writer) =>
        {
            writer.AskMaximalAccess();
            writer.AskOnDiskId();
            writer.ReconnectDurableHandleV2(new DurableHandleReconnectV2(answer.FileId, CreateGuid, 0));
        });
        var failures = 0;
        SmbTestResponse response;
        for (var n = 1; ; n++)
        {
            _calls.Restart();
            _calls.Before = (number, call) => number != n ? new(NtStatus.Success)
                : throws ? throw new InvalidOperationException($"The store is broken at {call}.") : new(NtStatus.UnexpectedIoError);
            response = await tree.CallAsync(Smb2Command.Create, body);
            _calls.Before = null;
            if (response.Status == NtStatus.Success)
            {
                break;
            }

            failures++;
            Assert.NotEqual(NtStatus.ObjectNameNotFound, response.Status);
            Assert.Equal(0, session.Opens.Count);
            Assert.Equal(1, Server.Graph.Opens.DisconnectedCount);
            Assert.Equal(1, Server.Volume.OpenCount);
        }

        Assert.True(failures > 0);
        await new SmbTestFile(tree, CreateAnswer.Parse(response.Message)).CloseAsync();
        Assert.Equal(0, _calls.Handles);
    }

    private static async Task RemoveNewAsync(SmbTestTree tree) => await (await tree.OpenAsync(
        "new", access: SmbTestTree.ReadWrite | FileAccessMask.Delete, options: CreateOptions.DeleteOnClose)).CloseAsync();
}
