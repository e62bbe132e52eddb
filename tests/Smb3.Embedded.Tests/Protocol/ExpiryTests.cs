using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Io;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>A session whose user must authenticate again (MS-SMB2 3.3.5.2.9), as when a ticket has come to its end.</summary>
public sealed class ExpiryTests : ProtocolTest
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public ExpiryTests() => Start(new TestServerOptions
    {
        Settings = new ServerSettings { TimeProvider = _time },
        Mechanism = ntlm => new ExpiringMechanism(ntlm, _time, Lifetime),
    });

    [Theory]
    [InlineData("data")]
    [InlineData("sealed")]
    public async Task What_is_expired_serves_nothing_until_its_user_is_back(string share)
    {
        var tree = await Server.ConnectToAsync(share);
        var file = await tree.OpenAsync("file");
        await file.WriteAsync(0, [1, 2, 3]);
        _time.Advance(Lifetime - TimeSpan.FromTicks(1));
        await file.WriteAsync(0, [4]);

        _time.Advance(TimeSpan.FromTicks(1));
        var session = tree.Session;
        Assert.Equal(SessionState.Expired, Server.Graph.FindSession(session.SessionId)!.State);
        foreach (var (command, body) in Refused(file))
        {
            Assert.Equal((command, NtStatus.NetworkSessionExpired), (command, (await tree.CallAsync(command, body)).Status));
        }

        await session.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.Equal([4, 2, 3], await file.ReadAsync(0, 10));
        Assert.Equal(NtStatus.Success, await tree.TryOpenAsync("file"));

        // The new logon has a time of its own.
        _time.Advance(Lifetime);
        Assert.Equal(NtStatus.NetworkSessionExpired, await file.TryReadAsync(0, 10));
        await session.LogOnAsync(TestServer.Alice, TestServer.Password);
        await file.CloseAsync();
    }

    [Fact]
    public async Task Who_has_expired_may_still_unlock_close_and_log_off()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 10));
        _time.Advance(Lifetime);
        Assert.Equal(NtStatus.Success, await file.LockAsync(0, 10, LockFlags.Unlock));
        Assert.Equal(NtStatus.Success, (await tree.Session.CallAsync(Smb2Command.Echo, RequestBody.Empty())).Status);
        await file.CloseAsync();
        Assert.Equal(NtStatus.NetworkSessionExpired, await tree.TryOpenAsync("file"));
        await tree.Session.LogOffAsync();
    }

    [Fact]
    public async Task What_waits_when_the_session_expires_can_be_cancelled()
    {
        var tree = await Server.ConnectToAsync();
        var folder = await tree.OpenAsync("folder", options: CreateOptions.DirectoryFile);
        var notify = tree.Request(Smb2Command.ChangeNotify, RequestBody.ChangeNotify(folder.FileId));
        var waiting = await tree.Session.Connection.SendAsync(notify);
        var asyncId = (await waiting.InterimAsync()).AsyncId;
        _time.Advance(Lifetime);
        await tree.Session.CancelAsync(waiting, asyncId);
        await waiting.ExpectAsync(NtStatus.Cancelled);
    }

    [Fact]
    public async Task What_is_expired_is_bound_to_no_further_connection_and_revived_over_one_that_it_has()
    {
        var tree = await Server.ConnectToAsync();
        var file = await tree.OpenAsync("file");
        var channel = await ChannelTests.BindAsync(Server, tree.Session);
        _time.Advance(Lifetime);
        var other = Server.Connect();
        await other.NegotiateAsync();
        await tree.Session.BindAsync(other, TestServer.Alice, TestServer.Password, NtStatus.NetworkSessionExpired);
        await tree.Session.LogOnAsync(TestServer.Alice, TestServer.Password);
        Assert.Equal(NtStatus.Success, (await channel.CallAsync(file.WriteRequest(0, [1]))).Status);
        await tree.Session.BindAsync(other, TestServer.Alice, TestServer.Password);
    }

    [Fact]
    public async Task Who_fails_to_authenticate_again_has_no_session_any_more()
    {
        var session = await Server.LogOnAsync();
        _time.Advance(Lifetime);
        var wrong = new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = "wrong" };
        await session.LogOnAsync(wrong, expected: NtStatus.LogonFailure);
        Assert.Null(Server.Graph.FindSession(session.SessionId));
    }

    [Fact]
    public async Task A_request_that_is_wrongly_signed_is_not_told_of_the_expiry()
    {
        var tree = await Server.ConnectToAsync();
        _time.Advance(Lifetime);
        var request = tree.Request(Smb2Command.Create, RequestBody.Create("file"));
        var response = await tree.Session.Connection.CallAsync(request, new SmbTestFrameOptions { Tamper = frame => [.. frame[..^1], (byte)(frame[^1] ^ 1)] });
        Assert.Equal(NtStatus.AccessDenied, response.Status);
    }

    private static (Smb2Command Command, byte[] Body)[] Refused(SmbTestFile file) =>
    [
        (Smb2Command.Read, RequestBody.Read(file.FileId, 0, 10)),
        (Smb2Command.Write, RequestBody.Write(file.FileId, 0, [9, 9, 9])),
        (Smb2Command.Flush, RequestBody.Flush(file.FileId)),
        (Smb2Command.QueryInfo, RequestBody.QueryFile(file.FileId, FileInformationClass.FileStandardInformation)),
        (Smb2Command.SetInfo, RequestBody.SetFile(file.FileId, FileInformationClass.FileEndOfFileInformation, new byte[8])),
        (Smb2Command.Create, RequestBody.Create("other")),
        (Smb2Command.TreeConnect, RequestBody.TreeConnect(@"\\server\data")),
        (Smb2Command.TreeDisconnect, RequestBody.Empty()),
        (Smb2Command.QueryDirectory, RequestBody.QueryDirectory(file.FileId)),
        (Smb2Command.ChangeNotify, RequestBody.ChangeNotify(file.FileId)),
        (Smb2Command.OplockBreak, RequestBody.OplockBreakAcknowledgment(file.FileId, Smb2OplockLevel.None)),
    ];
}
