using Smb3.Embedded.Nt;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Requests that are sent again because their channel failed (MS-SMB2 3.3.5.2.10 and 3.3.5.9.10).</summary>
public sealed class ReplayTests : ProtocolTest
{
    private static readonly Guid CreateGuid = new("0a0b0c0d-0102-0304-0506-0708090a0b0c");
    private static readonly Guid Key = new("00112233-4455-6677-8899-aabbccddeeff");

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(0xFF)]
    public async Task A_create_sent_again_is_answered_with_the_open_that_it_has_made(byte level)
    {
        var tree = await Server.ConnectToAsync();
        var channel = await ChannelTests.BindAsync(Server, tree.Session);
        var request = Create(tree, (Smb2OplockLevel)level);
        var first = await AnswerAsync(tree.Session.Connection, request);
        Assert.Equal((Smb2OplockLevel)level, first.OplockLevel);
        var again = await AnswerAsync(channel, Again(request));
        Assert.Equal(first.FileId, again.FileId);
        Assert.Equal(first.OplockLevel, again.OplockLevel);
        Assert.Equal(CreateAction.Created, again.Action);
        Assert.Equal(first.File, again.File);
        Assert.Equal(first.Lease?.State, again.Lease?.State);
        Assert.Equal(first.Find(CreateContextName.DurableHandleRequestV2), again.Find(CreateContextName.DurableHandleRequestV2));
        Assert.Equal(1, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task The_same_create_guid_without_the_replay_flag_is_a_duplicate()
    {
        var tree = await Server.ConnectToAsync();
        var request = Create(tree, Smb2OplockLevel.Batch);
        await AnswerAsync(tree.Session.Connection, request);
        (await tree.Session.CallAsync(request)).Expect(NtStatus.DuplicateObjectId);
        Assert.Equal(1, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task A_replay_that_claims_less_is_shown_less_and_changes_nothing()
    {
        var tree = await Server.ConnectToAsync();
        var first = await AnswerAsync(tree.Session.Connection, Create(tree, Smb2OplockLevel.Batch));
        var again = await AnswerAsync(tree.Session.Connection, Again(Create(tree, Smb2OplockLevel.None)));
        Assert.Equal(first.FileId, again.FileId);
        Assert.Equal(Smb2OplockLevel.None, again.OplockLevel);
        Assert.Empty(again.Contexts);
        again = await AnswerAsync(tree.Session.Connection, Again(Create(tree, Smb2OplockLevel.Batch)));
        Assert.Equal(Smb2OplockLevel.Batch, again.OplockLevel);
    }

    [Fact]
    public async Task A_replay_with_another_lease_or_none_is_denied()
    {
        var tree = await Server.ConnectToAsync();
        await AnswerAsync(tree.Session.Connection, Create(tree, Smb2OplockLevel.Lease));
        (await tree.Session.CallAsync(Again(Create(tree, Smb2OplockLevel.Lease, Guid.NewGuid())))).Expect(NtStatus.AccessDenied);
        (await tree.Session.CallAsync(Again(Create(tree, Smb2OplockLevel.Batch)))).Expect(NtStatus.AccessDenied);
    }

    [Fact]
    public async Task A_create_that_failed_can_be_sent_again_and_is_then_the_first()
    {
        var tree = await Server.ConnectToAsync();
        var held = await tree.OpenAsync("f", share: ShareAccess.None);
        var request = Create(tree, Smb2OplockLevel.None);
        (await tree.Session.CallAsync(request)).Expect(NtStatus.SharingViolation);
        await held.CloseAsync();
        Assert.Equal(CreateAction.Opened, (await AnswerAsync(tree.Session.Connection, Again(request))).Action);
    }

    [Fact]
    public async Task An_open_that_was_used_cannot_be_made_again_and_its_create_guid_is_free()
    {
        var tree = await Server.ConnectToAsync();
        var request = Create(tree, Smb2OplockLevel.None);
        var first = await AnswerAsync(tree.Session.Connection, request);
        await new SmbTestFile(tree, first).WriteAsync(0, [1]);
        var other = await AnswerAsync(tree.Session.Connection, Again(request));
        Assert.NotEqual(first.FileId, other.FileId);
        Assert.Equal(CreateAction.Opened, other.Action);
    }

    [Fact]
    public async Task Create_guids_of_other_clients_do_not_count()
    {
        var tree = await Server.ConnectToAsync();
        var other = await Server.ConnectToAsync();
        var first = await AnswerAsync(tree.Session.Connection, Create(tree, Smb2OplockLevel.None));
        var second = await AnswerAsync(other.Session.Connection, Create(other, Smb2OplockLevel.None));
        Assert.NotEqual(first.FileId, second.FileId);
    }

    [Fact]
    public async Task A_replay_while_the_create_still_waits_is_told_to_come_again()
    {
        var tree = await Server.ConnectToAsync();
        var channel = await ChannelTests.BindAsync(Server, tree.Session);
        var (holder, file) = await HoldAsync();
        var request = Create(tree, Smb2OplockLevel.None);
        var waiting = await tree.Session.Connection.SendAsync(request);
        await waiting.InterimAsync();
        (await channel.CallAsync(Again(request))).Expect(NtStatus.FileNotAvailable);
        (await channel.CallAsync(Again(request))).Expect(NtStatus.FileNotAvailable);
        await new SmbTestFile(holder, file).CloseAsync();
        var first = CreateAnswer.Parse((await waiting.ExpectAsync(NtStatus.Success)).Message);
        Assert.Equal(first.FileId, (await AnswerAsync(channel, Again(request))).FileId);
        Assert.Equal(1, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task A_create_whose_channel_ends_while_it_waits_is_carried_through_and_its_open_handed_out_on_another()
    {
        var tree = await Server.ConnectToAsync();
        var channel = await ChannelTests.BindAsync(Server, tree.Session);
        var (holder, file) = await HoldAsync();
        var request = Create(tree, Smb2OplockLevel.None);
        var waiting = await tree.Session.Connection.SendAsync(request);
        await waiting.InterimAsync();
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => SessionOf(tree).Channels.Count == 1, "the channel is gone");
        (await channel.CallAsync(Again(request))).Expect(NtStatus.FileNotAvailable);
        await new SmbTestFile(holder, file).CloseAsync();
        await TestServer.UntilAsync(() => SessionOf(tree).Opens.Count == 1 && Server.Volume.OpenCount == 1, "the file is open");
        var answer = await channel.CallAsync(Again(request));
        while (answer.Status == NtStatus.FileNotAvailable)
        {
            answer = await channel.CallAsync(Again(request));
        }

        Assert.Equal(CreateAction.Opened, CreateAnswer.Parse(answer.Expect(NtStatus.Success).Message).Action);
        Assert.Equal(1, Server.Volume.OpenCount);
    }

    [Fact]
    public async Task A_create_that_waits_ends_with_the_last_channel()
    {
        var tree = await Server.ConnectToAsync();
        await HoldAsync();
        var waiting = await tree.Session.Connection.SendAsync(Create(tree, Smb2OplockLevel.None));
        await waiting.InterimAsync();
        await tree.Session.Connection.DisposeAsync();
        await TestServer.UntilAsync(() => Server.Graph.Connections.Count == 1, "the connection is gone");
        Assert.Equal(1, Server.Volume.OpenCount);
    }

    [Theory]
    [InlineData((ushort)Smb2Command.Write)]
    [InlineData((ushort)Smb2Command.SetInfo)]
    [InlineData((ushort)Smb2Command.Ioctl)]
    public async Task A_change_that_a_failed_channel_left_behind_is_refused_and_its_replay_is_not(ushort command)
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        var request = Change(file, (Smb2Command)command);
        (await tree.Session.CallAsync(request with { ChannelSequence = 1 })).Expect(NtStatus.Success);

        // The channel sequence has moved on, so what comes with an older one was sent before a channel failed.
        (await tree.Session.CallAsync(request)).Expect(NtStatus.FileNotAvailable);
        (await tree.Session.CallAsync(Again(request))).Expect(NtStatus.FileNotAvailable);
        (await tree.Session.CallAsync(Again(request) with { ChannelSequence = 1 })).Expect(NtStatus.Success);
        (await tree.Session.CallAsync(Again(request) with { ChannelSequence = 2 })).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task A_replay_is_refused_while_a_request_of_an_earlier_sequence_still_runs()
    {
        var tree = await Server.ConnectToAsync();
        var channel = await ChannelTests.BindAsync(Server, tree.Session);
        var file = await tree.OpenAsync("f");
        var other = await (await Server.ConnectToAsync()).OpenAsync("f");
        await other.LockAsync(0, 1);
        var waiting = await tree.Session.Connection.SendAsync(file.LockRequest(0, 1));
        await waiting.InterimAsync();
        (await channel.CallAsync(Again(file.WriteRequest(10, [1])) with { ChannelSequence = 1 })).Expect(NtStatus.FileNotAvailable);

        // What is new is no replay, and does not wait for what was before.
        (await channel.CallAsync(file.WriteRequest(10, [1]) with { ChannelSequence = 1 })).Expect(NtStatus.Success);
        await other.CloseAsync();
        await waiting.ExpectAsync(NtStatus.Success);
        (await channel.CallAsync(Again(file.WriteRequest(10, [1])) with { ChannelSequence = 1 })).Expect(NtStatus.Success);
    }

    [Fact]
    public async Task A_lock_sent_again_is_not_carried_out_again()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("f");
        var channel = await ChannelTests.BindAsync(Server, tree.Session);

        // Index 1, number 5 (MS-SMB2 2.2.26).
        var request = file.LockRequest(0, 1, LockFlags.Exclusive | LockFlags.FailImmediately);
        request = request with { Body = request.Body.Patched(4, 0x15, 0, 0, 0) };
        (await tree.Session.CallAsync(request)).Expect(NtStatus.Success);
        (await channel.CallAsync(Again(request))).Expect(NtStatus.Success);
        Assert.Equal(NtStatus.LockNotGranted, await file.LockAsync(0, 1));
    }

    private static SmbTestRequest Change(SmbTestFile file, Smb2Command command) => command switch
    {
        Smb2Command.Write => file.WriteRequest(0, [1]),
        Smb2Command.SetInfo => file.Tree.Request(
            command, RequestBody.SetFile(file.FileId, FileInformationClass.FileEndOfFileInformation, SetBuffer.Size(5))),
        _ => file.Tree.Request(command, RequestBody.Ioctl(FsControlCode.CreateOrGetObjectId, file.FileId, [], 64)),
    };

    private static SmbTestRequest Again(SmbTestRequest request) => request with { Flags = request.Flags | Smb2HeaderFlags.Replay };

    private static async Task<CreateAnswer> AnswerAsync(SmbTestConnection channel, SmbTestRequest request) =>
        CreateAnswer.Parse((await channel.CallAsync(request)).Expect(NtStatus.Success).Message);

    private static SmbTestRequest Create(SmbTestTree tree, Smb2OplockLevel level, Guid? key = null) => tree.Request(
        Smb2Command.Create,
        RequestBody.Create(
            "f",
            oplock: level,
            contexts: (ref CreateContextWriter writer) =>
            {
                writer.AskDurableHandleV2(new DurableHandleRequestV2(0, DurableHandleFlags.None, CreateGuid));
                if (level == Smb2OplockLevel.Lease)
                {
                    writer.Lease(new LeaseContext
                    {
                        Version = 2,
                        LeaseKey = key ?? Key,
                        State = Smb2LeaseState.Read | Smb2LeaseState.Write | Smb2LeaseState.Handle,
                    });
                }
            }));

    private Sessions.Session SessionOf(SmbTestTree tree) => Server.Graph.FindSession(tree.Session.SessionId)!;

    /// <summary>Somebody else has the file open and caches its handle: whoever wants it must wait.</summary>
    private async Task<(SmbTestTree Tree, CreateAnswer File)> HoldAsync()
    {
        var tree = await Server.ConnectToAsync();
        return (tree, await AnswerAsync(
            tree.Session.Connection, tree.Request(Smb2Command.Create, RequestBody.Create("f", oplock: Smb2OplockLevel.Batch))));
    }
}
