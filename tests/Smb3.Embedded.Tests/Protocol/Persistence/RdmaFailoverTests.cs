using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Smb3.Embedded.Hosting.Interfaces;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport.Rdma.InProcess;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Ioctl;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol.Persistence;

/// <summary>
/// One session over a stream and over SMB Direct: it goes on over the one when the other is gone (MS-SMB2 3.2.4.20.8), and over both when
/// it is back.
/// </summary>
[Trait("Transport", "own")]
public sealed class RdmaFailoverTests : PersistentTest
{
    private const int Blocks = 48;
    private const int BlockSize = 100_000;

    private readonly SmbTestClientOptions _options = new()
    {
        ClientGuid = Guid.NewGuid(),
        RdmaTransforms = [Smb2RdmaTransform.Encryption, Smb2RdmaTransform.Signing],
    };

    private readonly List<string> _devices = ["127.0.0.1"];
    private int _sequence;

    [Fact]
    public async Task The_client_is_told_of_RDMA_while_there_is_a_device()
    {
        StartBoth();
        var tree = await BeginAsync(byRdma: false);
        Assert.Equal([("127.0.0.1", false), ("127.0.0.1", true)], await InterfacesAsync(tree));

        _devices.Clear();
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([("127.0.0.1", false)], await InterfacesAsync(tree));

        _devices.Add("127.0.0.1");
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([("127.0.0.1", false), ("127.0.0.1", true)], await InterfacesAsync(tree));
    }

    [Theory]
    [InlineData(QueuePairOperation.Send, MessageProtection.None)]
    [InlineData(QueuePairOperation.Read, MessageProtection.None)]
    [InlineData(QueuePairOperation.Read, MessageProtection.Signed)]
    [InlineData(QueuePairOperation.Read, MessageProtection.Sealed)]
    internal async Task Running_writes_go_on_over_the_stream_when_RDMA_dies_and_over_both_when_it_is_back(
        QueuePairOperation dying, MessageProtection protection)
    {
        StartBoth();
        var tree = await BeginAsync(byRdma: false);
        Protect(tree.Session, protection);
        var (rdma, pair) = await BindRdmaAsync(tree.Session);
        var (file, content) = (await OpenFileAsync(tree), RandomNumberGenerator.GetBytes(Blocks * BlockSize));
        var (broken, later) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var transfer = Writing(file, content, done =>
        {
            if (done == Blocks / 4)
            {
                pair.Peer.Faults = posted => posted == dying && Interlocked.Increment(ref broken) == 2 ? QueuePairFault.Break : QueuePairFault.None;
            }
            else if (done == Blocks * 3 / 4)
            {
                later.SetResult();
            }
        });
        var byStream = ServeAsync(tree.Session.Connection, transfer);
        Assert.True(await ServeAsync(rdma, transfer), "The channel did not die.");

        // The same client comes back by RDMA while the rest is written, and reads there what was written over all of them.
        await later.Task;
        var (again, _) = await BindRdmaAsync(tree.Session);
        Assert.False(await ServeAsync(again, transfer));
        Assert.False(await byStream);
        await AssertContentAsync(file, content, again);
        await AssertContentAsync(file, content, tree.Session.Connection);
        Assert.Equal(2, Assert.Single(Server.Graph.Sessions).Channels.Count);
    }

    [Theory]
    [InlineData(MessageProtection.None)]
    [InlineData(MessageProtection.Sealed)]
    internal async Task Running_writes_go_on_over_RDMA_when_the_stream_they_began_on_dies(MessageProtection protection)
    {
        StartBoth();
        var tree = await BeginAsync(byRdma: false);
        Protect(tree.Session, protection);
        var (rdma, _) = await BindRdmaAsync(tree.Session);
        var (file, content) = (await OpenFileAsync(tree), RandomNumberGenerator.GetBytes(Blocks * BlockSize));
        Task? cut = null;
        var transfer = Writing(
            file, content, done => cut = done == Blocks / 4 ? Task.Run(() => tree.Session.Connection.DisposeAsync().AsTask()) : cut);
        var byRdma = ServeAsync(rdma, transfer);
        Assert.True(await ServeAsync(tree.Session.Connection, transfer), "The channel did not die.");
        Assert.False(await byRdma);
        await cut!;
        await AssertContentAsync(file, content, rdma);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_break_follows_the_client_to_the_other_kind_of_channel(bool rdmaDies)
    {
        StartBoth();
        var tree = await BeginAsync(byRdma: rdmaDies);
        var other = rdmaDies ? await BindStreamAsync(tree.Session) : (await BindRdmaAsync(tree.Session)).Channel;
        await OpenAsync(tree, "f", ReadWriteHandle);
        var elsewhere = await Server.ConnectToAsync("ca");
        var waiting = await elsewhere.Session.Connection.SendAsync(elsewhere.Request(Smb2Command.Create, RequestBody.Create("f")));
        await waiting.InterimAsync();
        Assert.Equal(Key, BreakAnswer.Parse((await tree.Session.Connection.NextUnsolicitedAsync()).Message).LeaseKey);
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 2, "the first connection is gone");
        Clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(Key, BreakAnswer.Parse((await other.NextUnsolicitedAsync()).Message).LeaseKey);
        Assert.False(waiting.IsAnswered);
        (await other.CallAsync(tree.Request(Smb2Command.OplockBreak, RequestBody.LeaseBreakAcknowledgment(Key, ReadHandle))))
            .Expect(NtStatus.Success);
        await waiting.ExpectAsync(NtStatus.Success);
    }

    [Theory]
    [InlineData("ca", false)]
    [InlineData("ca", true)]
    [InlineData("data", false)]
    [InlineData("data", true)]
    public async Task A_handle_is_taken_up_over_the_other_kind_of_channel_and_what_was_under_way_is_written_once(string share, bool beganByRdma)
    {
        StartBoth();
        var tree = await BeginAsync(beganByRdma, share);
        var answer = await OpenAsync(tree, "f", ReadWriteHandle);
        var isPersistent = share == "ca";
        Assert.Equal(isPersistent ? DurableHandleFlags.Persistent : DurableHandleFlags.None, Granted(answer)!.Value.Flags);
        var file = new SmbTestFile(tree, answer);
        await file.WriteAsync(0, [1, 2, 3]);
        var append = file.WriteRequest(3, [4, 5]);
        (await tree.Session.CallAsync(append)).Expect(NtStatus.Success);
        await LoseAsync(tree);

        var next = await BeginAsync(!beganByRdma, share);
        var back = new SmbTestFile(next, CreateAnswer.Parse(
            (await ReconnectAsync(next, "f", answer.FileId, flag: isPersistent, leaseKey: Key)).Expect(NtStatus.Success).Message));
        (await next.Session.CallAsync(Again(append, next) with
        {
            ChannelSequence = 1,
            Body = back.WriteRequest(3, [4, 5]).Body,
        })).Expect(NtStatus.Success);
        Assert.Equal([1, 2, 3, 4, 5], await back.ReadAsync(0, 100));
        await back.CloseAsync();
    }

    private static void Protect(SmbTestSession session, MessageProtection protection)
    {
        session.Signs = protection == MessageProtection.Signed;
        session.EncryptsAll = protection == MessageProtection.Sealed;
    }

    private static async Task<SmbTestFile> OpenFileAsync(SmbTestTree tree) => new(tree, await OpenAsync(tree, "f", ReadWriteHandle));

    private static BlockTransfer Writing(SmbTestFile file, byte[] content, Action<int> progress) => new(
        Blocks,
        block => file.WriteRequest((ulong)block * BlockSize, content.AsSpan(block * BlockSize, BlockSize)),
        static (_, _) => { },
        progress);

    private static async Task AssertContentAsync(SmbTestFile file, byte[] content, SmbTestConnection over)
    {
        for (var at = 0; at < content.Length; at += BlockSize)
        {
            var response = await over.CallAsync(file.ReadRequest((ulong)at, BlockSize));
            Assert.Equal(content[at..(at + BlockSize)], ReadAnswer.Parse(response.Expect(NtStatus.Success).Message).Data);
        }
    }

    private static async Task<List<(string Address, bool Rdma)>> InterfacesAsync(SmbTestTree tree)
    {
        var response = await tree.CallAsync(
            Smb2Command.Ioctl, RequestBody.Ioctl(FsControlCode.QueryNetworkInterfaceInfo, SmbTestFile.Previous, []), 65536);
        var list = IoctlAnswer.Parse(response.Expect(NtStatus.Success).Message).Output;
        var found = new List<(string, bool)>();
        for (var at = 0; at < list.Length; at += NetworkInterfaceInfo.EntrySize)
        {
            // Capability, behind Next and IfIndex (MS-SMB2 2.2.32.5).
            var capability = (NetworkInterfaceCapabilities)BitConverter.ToUInt32(list, at + 8);
            found.Add((NetworkInterfaceInfo.ReadAddress(list.AsSpan(at))!.ToString(), (capability & NetworkInterfaceCapabilities.Rdma) != 0));
        }

        return found;
    }

    private void StartBoth() => StartContinuous(interfaces: new InterfaceScan(
        new InterfaceFilter(["lo"]),
        [],
        Clock,
        static () => [new NetworkLink("lo", 1, true, true, false, 1_000_000_000, false, [IPAddress.Loopback])],
        address => _devices.Contains(address.ToString())));

    private async Task<SmbTestTree> BeginAsync(bool byRdma, string share = "ca")
    {
        var client = byRdma ? Server.ConnectRdma(out _, _options, throughMemory: true) : Server.Connect(_options);
        return await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync(share);
    }

    private async Task<(SmbTestConnection Channel, InProcessQueuePair Pair)> BindRdmaAsync(SmbTestSession session)
    {
        var channel = Server.ConnectRdma(out var pair, _options, throughMemory: true);
        await BindAsync(session, channel);
        return (channel, pair);
    }

    private async Task<SmbTestConnection> BindStreamAsync(SmbTestSession session)
    {
        var channel = Server.Connect(_options);
        await BindAsync(session, channel);
        return channel;
    }

    private static async Task BindAsync(SmbTestSession session, SmbTestConnection channel)
    {
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password);
    }

    /// <summary>Writes over one channel until all is written or it dies; what it had under way is sent again over another one.</summary>
    /// <returns>Whether it died.</returns>
    private async Task<bool> ServeAsync(SmbTestConnection channel, BlockTransfer transfer)
    {
        try
        {
            await channel.EnsureCreditsAsync(32);
            await transfer.RunAsync(channel, () => (ushort)Volatile.Read(ref _sequence));
            return false;
        }
        catch (Exception e) when (e is EndOfStreamException or TimeoutException or InvalidOperationException)
        {
            Interlocked.Increment(ref _sequence);
            return true;
        }
    }
}
