using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Tests.Protocol;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>
/// A CREATE that the node does not come to answer, wherever in it the share goes elsewhere, is carried out once: sent again, it is answered by
/// whoever has the share then, as it would have been by the first.
/// </summary>
public sealed class ClusterCreateTests : ClusterTest
{
    private readonly HungCalls _calls = new() { IgnoreCancellation = true };

    /// <summary>Calls of the store in the order of a CREATE, and how long each hangs while the share moves.</summary>
    public static TheoryData<string, CreateDisposition, bool, int> Moves
    {
        get
        {
            var data = new TheoryData<string, CreateDisposition, bool, int>();
            foreach (var (call, disposition) in new[]
            {
                ("open", CreateDisposition.Create), ("create", CreateDisposition.Create), ("metadata", CreateDisposition.Create), ("flush", CreateDisposition.Create),
                ("open", CreateDisposition.OverwriteIf), ("length", CreateDisposition.OverwriteIf), ("flush", CreateDisposition.OverwriteIf),
                ("open", CreateDisposition.Open), ("metadata", CreateDisposition.Open),
            })
            {
                data.Add(call, disposition, false, 700);
                data.Add(call, disposition, false, 2500);
                data.Add(call, disposition, true, 1200);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Moves))]
    public async Task A_create_that_runs_while_the_share_goes_elsewhere_is_carried_out_once(
        string call, CreateDisposition disposition, bool deletes, int milliseconds)
    {
        var (first, second) = await StartHangingAsync();
        var tree = await first.ConnectAsync("vm", Client);
        var request = await BeginAsync(tree, call, disposition, deletes);
        var lost = AnswerAsync(tree, request);
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the CREATE is under way");
        _calls.Hang(null);
        var moving = first.Server.Cluster!.MoveAsync("vm", "b");
        await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), Time);
        _calls.Release();
        await EndAsync(lost);
        await moving;
        await UntilServedAsync(second);
        await AgainAsync(second, request, disposition, deletes);
    }

    [Theory]
    [InlineData("open", CreateDisposition.Create)]
    [InlineData("create", CreateDisposition.Create)]
    [InlineData("metadata", CreateDisposition.Create)]
    [InlineData("flush", CreateDisposition.Create)]
    [InlineData("length", CreateDisposition.OverwriteIf)]
    [InlineData("flush", CreateDisposition.OverwriteIf)]
    [InlineData("open", CreateDisposition.Open)]
    [InlineData("metadata", CreateDisposition.Open)]
    public async Task A_create_that_runs_when_the_node_has_lost_the_share_is_carried_out_once(string call, CreateDisposition disposition)
    {
        var (first, second) = await StartHangingAsync(Mortal);
        var tree = await first.ConnectAsync("vm", Client);
        var request = await BeginAsync(tree, call, disposition, deletes: false);
        var lost = AnswerAsync(tree, request);
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the CREATE is under way");
        _calls.Hang(null);
        first.Store.IsCut = true;
        await UntilServedAsync(second);
        var file = await AgainAsync(second, request, disposition, deletes: false, close: false);

        // What the first node does now is nobody's any more.
        _calls.Release();
        await EndAsync(lost);
        await file.WriteAsync(0, [7]);
        await ReturnAsync(first, second);
        var back = await BackAsync(await first.ConnectAsync("vm", Client), "f", file.FileId);
        Assert.Equal([7], await back.ReadAsync(0, 1));
        await back.CloseAsync();
        await NothingIsLeftAsync(first);
    }

    [Theory]
    [InlineData("create", CreateDisposition.Create, false)]
    [InlineData("metadata", CreateDisposition.Create, false)]
    [InlineData("flush", CreateDisposition.Create, false)]
    [InlineData("flush", CreateDisposition.Create, true)]
    [InlineData("length", CreateDisposition.OverwriteIf, false)]
    [InlineData("length", CreateDisposition.OverwriteIf, true)]
    [InlineData("flush", CreateDisposition.OverwriteIf, true)]
    public async Task A_create_that_still_runs_when_the_share_is_back_keeps_nobody_from_its_open(
        string call, CreateDisposition disposition, bool leased)
    {
        var (first, second) = await StartHangingAsync(Mortal);
        var tree = await first.ConnectAsync("vm", Client);
        var request = await BeginAsync(tree, call, disposition, deletes: false, leased ? ReadWriteHandle : null);
        var lost = AnswerAsync(tree, request);
        await TestServer.UntilAsync(() => _calls.Waiting > 0, "the CREATE is under way");
        _calls.Hang(null);
        first.Store.IsCut = true;
        await UntilServedAsync(second);
        await ReturnAsync(first, second);
        var file = await AgainAsync(first, request, disposition, deletes: false, close: false);

        // And its end takes nothing from the one that is there now.
        _calls.Release();
        await EndAsync(lost);
        await file.WriteAsync(0, [7]);
        await first.DropClientsAsync();
        var next = await first.ConnectAsync("vm", Client);
        CreateAnswer? taken = null;
        for (var tries = 0; taken is null; tries++)
        {
            var answer = await ReconnectAsync(next, "f", file.FileId, leaseKey: leased ? Key : null);
            taken = answer.Status == NtStatus.Success ? CreateAnswer.Parse(answer.Message) : null;
            Assert.True(tries < 100, $"It does not come back: {answer.Status}");
            await Task.Delay(20);
        }

        await new SmbTestFile(next, taken).CloseAsync();
        await NothingIsLeftAsync(first);
    }

    [Fact]
    public async Task A_create_waits_until_what_it_is_about_to_make_is_recorded()
    {
        var first = await StartNodeAsync("a");
        await UntilServedAsync(first);
        var tree = await first.ConnectAsync("vm", Client);
        first.Store.IsStateCut = true;
        var making = AnswerAsync(tree, Create(tree, "f", Persistent(), disposition: CreateDisposition.Create));
        await Task.Delay(TimeSpan.FromMilliseconds(500), Time);
        Assert.False(making.IsCompleted);
        Assert.Equal(NtStatus.ObjectNameNotFound, (await Files.OpenAsync(new StorePath("f"), StoreAccess.Metadata, default)).Status);
        first.Store.IsStateCut = false;
        Assert.Equal(CreateAction.Created, (await making).Action);
    }

    [Fact]
    public async Task A_close_of_what_was_never_open_waits_for_nothing()
    {
        var first = await StartNodeAsync("a");
        await UntilServedAsync(first);
        var tree = await first.ConnectAsync("vm", Client);
        var file = new SmbTestFile(tree, await OpenAsync(tree, "f"));
        first.Store.IsStateCut = true;
        var closing = file.TryCloseAsync();
        await Task.Delay(TimeSpan.FromMilliseconds(200), Time);
        Assert.False(closing.IsCompleted);
        var never = new Smb2FileId(file.FileId.Persistent + 1, file.FileId.Volatile + 1);
        Assert.Equal(NtStatus.FileClosed, (await tree.CallAsync(Smb2Command.Close, RequestBody.Close(never))).Status);
        Assert.False(closing.IsCompleted);
        first.Store.IsStateCut = false;
        Assert.Equal(NtStatus.Success, (await closing).Status);
        Assert.Equal(NtStatus.FileClosed, (await file.TryCloseAsync()).Status);
    }

    private async Task<(TestNode First, TestNode Second)> StartHangingAsync(Action<SmbServerOptions>? configure = null)
    {
        Files = new HangingStore(Files, _calls);
        return await StartTwoAsync(configure);
    }

    /// <summary>The first node reaches the cluster again, and gets the share back.</summary>
    private static async Task ReturnAsync(TestNode first, TestNode second)
    {
        first.Store.IsCut = false;
        await TestServer.UntilAsync(() => second.Server.Cluster!.Nodes.Any(static node => node is { Name: "a", IsAlive: true }), "it has joined anew");
        await second.Server.Cluster!.MoveAsync("vm", "a");
        await UntilServedAsync(first);
    }

    /// <summary>The CREATE of "f", which is there when it is to be; from now on <paramref name="call"/> hangs.</summary>
    private async Task<SmbTestRequest> BeginAsync(
        SmbTestTree tree, string call, CreateDisposition disposition, bool deletes, Smb2LeaseState? lease = null)
    {
        if (disposition != CreateDisposition.Create)
        {
            var file = await tree.OpenAsync("f");
            await file.WriteAsync(0, [1, 2, 3]);
            await file.CloseAsync();
        }

        _calls.Hang(call);
        return Create(
            tree, "f", Persistent(lease: lease), lease is null ? Smb2OplockLevel.None : Smb2OplockLevel.Lease, disposition: disposition,
            options: deletes ? CreateOptions.DeleteOnClose : CreateOptions.None);
    }

    /// <summary>The first CREATE is over: it is not answered, or told that its share is not here.</summary>
    private static async Task EndAsync(Task<CreateAnswer> first)
    {
        try
        {
            await first;
        }
        catch (Exception e) when (e is IOException or SmbTestException or ObjectDisposedException)
        {
            return;
        }
    }

    private async Task<SmbTestFile> AgainAsync(
        TestNode node, SmbTestRequest request, CreateDisposition disposition, bool deletes, bool close = true)
    {
        var tree = await node.ConnectAsync("vm", Client);
        var answer = await AnswerAsync(tree, Again(request, tree));
        Assert.Equal(
            disposition switch
            {
                CreateDisposition.Create => CreateAction.Created,
                CreateDisposition.Open => CreateAction.Opened,
                _ => CreateAction.Overwritten,
            },
            answer.Action);
        var file = new SmbTestFile(tree, answer);
        if (close)
        {
            await file.CloseAsync();
            Assert.Equal(deletes ? NtStatus.ObjectNameNotFound : NtStatus.Success, await tree.TryOpenAsync("f"));
        }

        return file;
    }

    /// <summary>Nobody is kept from the file, and nothing waits for a client.</summary>
    private static async Task NothingIsLeftAsync(TestNode node)
    {
        var tree = await node.ConnectAsync("vm");
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("f", share: ShareAccess.None));
        Assert.Equal(0, node.Server.Graph!.Opens.DisconnectedCount);
        Assert.Equal(0, node.Server.Graph.Opens.Persistent.Count);
    }
}
