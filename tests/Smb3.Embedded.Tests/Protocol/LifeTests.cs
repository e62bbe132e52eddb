using System.Net;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Negotiate;
using Xunit;
using Channel = Smb3.Embedded.Sessions.Channel;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What has ended is reachable from nowhere, however it lived and however it ended, on every transport.</summary>
[Collection(MeasuresTheProcess.Name)]
public sealed class LifeTests : ProtocolTest
{
    private const int Lives = 12;

    private readonly List<(string Kind, WeakReference Reference)> _seen = [];

    public static TheoryData<string, string> LivesOnTransports
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var transport in Enum.GetNames<TestTransport>().Where(name => OperatingSystem.IsLinux() || name != nameof(TestTransport.Tcp)))
            {
                foreach (var life in LifeByName.Keys)
                {
                    data.Add(transport, life);
                }
            }

            return data;
        }
    }

    private static Dictionary<string, Func<LifeTests, Task>> LifeByName => new()
    {
        ["connect"] = test => test.ConnectAsync(),
        ["negotiate"] = test => test.NegotiateAsync(),
        ["half a logon"] = test => test.HalfLogOnAsync(),
        ["a failed logon"] = test => test.FailToLogOnAsync(),
        ["logon and logoff"] = test => test.LogOffAsync(),
        ["logon and lost connection"] = test => test.LoseAsync(),
        ["lost channels"] = test => test.LoseChannelsAsync(),
        ["opens and closes"] = test => test.OpenAndCloseAsync(),
        ["a first channel that goes"] = test => test.LoseFirstChannelAsync(),
        ["tree connects"] = test => test.ConnectTreesAsync(),
        ["durable opens"] = test => test.ReclaimAsync(),
        ["durable opens whose share goes"] = test => test.CloseDurablesAsync(),
        ["cancelled waits"] = test => test.WaitAndCancelAsync(),
        ["a broken lease"] = test => test.BreakAsync(),
    };

    [Theory]
    [MemberData(nameof(LivesOnTransports))]
    public async Task Leaves_nothing_behind(string transport, string life)
    {
        Start(new TestServerOptions { Transport = Enum.Parse<TestTransport>(transport) });
        for (var i = 0; i < Lives; i++)
        {
            await LifeByName[life](this);
            await TestServer.UntilAsync(
                () => Server.Graph.Connections.Count == 0 && Server.Volume.OpenCount == 0, "every connection is gone, and every open");
        }

        Assert.NotEmpty(_seen);
        await AssertGoneAsync();
    }

    [Fact]
    public async Task A_lost_channel_goes_before_its_session()
    {
        var tree = await Server.ConnectToAsync();
        var session = tree.Session;
        for (var i = 0; i < Lives; i++)
        {
            await BindAndDropAsync(session);
        }

        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the channels are gone");
        await AssertGoneAsync();
        (await session.Connection.EchoAsync()).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task The_key_of_a_lost_channel_goes_with_the_last_request_that_uses_it()
    {
        var session = await Server.LogOnAsync();
        var other = Server.Connect(session.Connection.Options);
        await other.NegotiateAsync();
        await session.BindAsync(other, TestServer.Alice, TestServer.Password);
        var served = Server.Graph.FindSession(session.SessionId)!;
        var channel = served.Channels.OrderBy(one => one.Connection.Id).Last();
        var message = new byte[Smb2Header.Size];
        Assert.True(channel.TryUse());
        await other.DisposeAsync();
        await TestServer.UntilAsync(() => served.Channels.Count == 1, "the channel has left");
        channel.Signer!.Sign(message);
        channel.Release();
        Assert.Throws<ObjectDisposedException>(() => channel.Signer.Sign(message));
        Assert.False(channel.TryUse());
        Assert.NotEqual(0, served.Keys!.SigningKey.ToArray().Sum(b => b));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_keys_of_a_session_are_zero_when_it_has_ended(bool logsOff)
    {
        var session = await Server.LogOnAsync();
        var other = Server.Connect(session.Connection.Options);
        await other.NegotiateAsync();
        await session.BindAsync(other, TestServer.Alice, TestServer.Password);
        var served = Server.Graph.FindSession(session.SessionId)!;
        var keys = served.Keys!;
        var signers = served.Channels.Select(channel => channel.Signer!).Append(served.BindingSigner!).ToArray();
        var sealer = served.Sealer!;
        Assert.Contains(keys.SigningKey.ToArray(), one => one != 0);
        if (logsOff)
        {
            await session.LogOffAsync();
        }

        await other.DisposeAsync();
        await session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => keys.SessionKey.IndexOfAnyExcept((byte)0) < 0, "the session's key is zero");
        foreach (var key in new[]
        {
            keys.SessionKey.ToArray(), keys.SigningKey.ToArray(), keys.ApplicationKey.ToArray(), keys.ClientToServerKey.ToArray(),
            keys.ServerToClientKey.ToArray(),
        })
        {
            Assert.NotEmpty(key);
            Assert.All(key, one => Assert.Equal(0, one));
        }

        Assert.All(signers, signer => Assert.Throws<ObjectDisposedException>(() => signer.Sign(new byte[Smb2Header.Size])));
        Assert.Throws<ObjectDisposedException>(() => sealer.Seal(new byte[Smb2TransformHeader.Size + 64], 1));
    }

    private async Task ConnectAsync()
    {
        await using var client = await ConnectedAsync(negotiate: false);
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count > 0, "the server has accepted");
        Note();
    }

    private async Task NegotiateAsync()
    {
        await using var client = await ConnectedAsync();
        Note();
    }

    private async Task HalfLogOnAsync()
    {
        await using var client = await ConnectedAsync();
        var ntlm = new NtlmInitiator(new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password });
        (await client.CallAsync(new SmbTestRequest { Command = Smb2Command.SessionSetup, Body = RequestBody.SessionSetup(ntlm.Start()) }))
            .Expect(NtStatus.MoreProcessingRequired);
        Note();
    }

    private async Task FailToLogOnAsync()
    {
        await using var client = await ConnectedAsync();
        var session = new SmbTestSession(client);
        await session.LogOnAsync(
            new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = "no" }, expected: NtStatus.LogonFailure);
        Note();
    }

    private async Task LogOffAsync()
    {
        await using var client = await ConnectedAsync();
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        Note();
        await session.LogOffAsync();
    }

    private async Task LoseAsync()
    {
        await using var client = await ConnectedAsync();
        var tree = await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        await tree.OpenAsync("lost");
        Note();
    }

    private async Task LoseChannelsAsync()
    {
        await using var client = await ConnectedAsync();
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        await BindAndDropAsync(session);
        await BindAndDropAsync(session);
    }

    private async Task LoseFirstChannelAsync()
    {
        var client = await ConnectedAsync();
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        var tree = await session.ConnectAsync("data");
        await tree.OpenAsync("first");
        Note();
        await using var other = await ConnectedAsync(options: client.Options);
        await session.BindAsync(other, TestServer.Alice, TestServer.Password);
        await client.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the first connection is gone");
        await AssertGoneAsync("Connection", "ConnectionLoop", "Channel");
        Note();
    }

    private async Task OpenAndCloseAsync()
    {
        await using var client = await ConnectedAsync();
        var tree = await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        for (var i = 0; i < 3; i++)
        {
            var file = await tree.OpenAsync("file");
            await file.WriteAsync(0, new byte[100_000]);
            Assert.Equal(100_000, (await file.ReadAsync(0, 100_000)).Length);
            Note();
            await file.CloseAsync();
        }

        await AssertGoneAsync(nameof(FileOpen));
    }

    private async Task ConnectTreesAsync()
    {
        await using var client = await ConnectedAsync();
        var session = await client.LogOnAsync(TestServer.Alice, TestServer.Password);
        for (var i = 0; i < 3; i++)
        {
            var tree = await session.ConnectAsync("data");
            await tree.OpenAsync("file");
            Note();
            await tree.DisconnectAsync();
        }

        await AssertGoneAsync(nameof(FileOpen), nameof(TreeConnect));
    }

    private async Task ReclaimAsync()
    {
        var guid = Guid.NewGuid();
        var options = new SmbTestClientOptions { ClientGuid = guid };
        var first = await ConnectedAsync(options: options);
        var file = await OpenDurableAsync(first, "durable");
        Note();
        await first.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount == 1, "the open waits for its client");
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 0, "the connection is gone");
        await AssertGoneAsync("Connection", "ConnectionLoop", "Channel", "Session");
        await using var second = await ConnectedAsync(options: options);
        var tree = await (await second.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        var answer = await tree.CallAsync(Smb2Command.Create, RequestBody.Create(
            "durable", contexts: (ref CreateContextWriter writer) => writer.ReconnectDurableHandle(file)));
        var again = new SmbTestFile(tree, CreateAnswer.Parse(answer.Expect(NtStatus.Success).Message));
        Note();
        await again.CloseAsync();
    }

    private async Task CloseDurablesAsync()
    {
        var first = await ConnectedAsync();
        await OpenDurableAsync(first, "durable");
        Note();
        await first.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Opens.DisconnectedCount == 1, "the open waits for its client");
        await Server.Graph.Opens.CloseDisconnectedAsync(open => open.Share == "data");
    }

    private async Task WaitAndCancelAsync()
    {
        await using var client = await ConnectedAsync();
        var tree = await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        var file = await tree.OpenAsync("locked");
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 1));
        var other = await tree.OpenAsync("locked");
        var cancelled = await client.SendAsync(other.LockRequest(0, 1));
        var left = await client.SendAsync(other.LockRequest(0, 1));
        await cancelled.InterimAsync();
        await left.InterimAsync();
        Note();
        await tree.Session.CancelAsync(cancelled);
        await cancelled.ExpectAsync(NtStatus.Cancelled);
    }

    private async Task BreakAsync()
    {
        await using var client = await ConnectedAsync();
        await OpenDurableAsync(client, "leased", durable: false);
        Note();
        await using var other = await ConnectedAsync();
        var tree = await (await other.LogOnAsync(TestServer.Bob, TestServer.Password)).ConnectAsync("data");
        var open = await other.SendAsync(tree.Request(Smb2Command.Create, RequestBody.Create("leased")));
        await client.NextUnsolicitedAsync();
        Note();
        await client.DisposeAsync();
        await open.ExpectAsync(NtStatus.Success);
        Note();
    }

    private static async Task<Smb2FileId> OpenDurableAsync(SmbTestConnection client, string name, bool durable = true)
    {
        var tree = await (await client.LogOnAsync(TestServer.Alice, TestServer.Password)).ConnectAsync("data");
        var answer = await tree.CallAsync(Smb2Command.Create, RequestBody.Create(
            name,
            oplock: Smb2OplockLevel.Batch,
            contexts: durable ? (ref CreateContextWriter writer) => writer.AskDurableHandle() : null));
        return CreateAnswer.Parse(answer.Expect(NtStatus.Success).Message).FileId;
    }

    private async Task BindAndDropAsync(SmbTestSession session)
    {
        await using var channel = await ConnectedAsync(options: session.Connection.Options);
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password);
        NoteChannels();
    }

    private async Task<SmbTestConnection> ConnectedAsync(bool negotiate = true, SmbTestClientOptions? options = null)
    {
        var client = await Server.ConnectUntrackedAsync(options);
        if (negotiate)
        {
            await client.NegotiateAsync();
        }

        return client;
    }

    /// <summary>Remembers weakly everything that the server has now.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Note()
    {
        foreach (var client in Server.Graph.Clients)
        {
            Note(client);
        }

        foreach (var connection in Server.Graph.Connections)
        {
            Note(connection);
            Note((ConnectionLoop)connection.Notifications!);
        }

        foreach (var session in Server.Graph.Sessions)
        {
            Note(session);
            foreach (var channel in session.Channels)
            {
                Note(channel);
            }

            foreach (var tree in session.Trees)
            {
                Note(tree);
            }

            foreach (var open in session.Opens.All.OfType<FileHandle>())
            {
                Note(open.File);
                Note(open);
            }
        }
    }

    /// <summary>Of every session all channels but the first, and what is theirs.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void NoteChannels()
    {
        foreach (var channel in Server.Graph.Sessions.SelectMany(session => session.Channels.OrderBy(one => one.Connection.Id).Skip(1)))
        {
            Note(channel);
            Note(channel.Connection);
            Note((ConnectionLoop)channel.Connection.Notifications!);
            Note(channel.Signer!);
        }
    }

    private void Note(object one)
    {
        if (!_seen.Exists(seen => ReferenceEquals(seen.Reference.Target, one)))
        {
            _seen.Add((one.GetType().Name, new WeakReference(one)));
        }
    }

    private async Task AssertGoneAsync(params string[] kinds)
    {
        // What ends on a thread of its own may still be on that thread's stack for a moment.
        for (var i = 0; ; i++)
        {
            GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            GC.WaitForPendingFinalizers();
            GC.Collect();
            var alive = Alive(kinds);
            if (alive.Length == 0)
            {
                return;
            }

            Assert.True(i < 100, $"Still there: {alive}");
            await Task.Delay(20);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private string Alive(string[] kinds) => string.Join(", ", _seen
        .Where(seen => seen.Reference.IsAlive && (kinds.Length == 0 || kinds.Contains(seen.Kind)))
        .GroupBy(seen => seen.Kind)
        .Select(group => $"{group.Count()} {group.Key}"));
}
