using System.Net;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>What some users, or all from some networks, must do to log on.</summary>
public sealed class LogonPolicyTests : ProtocolTest
{
    private static readonly IPEndPoint Local = new(IPAddress.Parse("192.0.2.9"), 445);
    private static readonly AccountDirectory Accounts = new("SERVER", new InMemoryUserStore());

    public static TheoryData<string, string, string, string, string, int> Cases => new()
    {
        // networks, users, groups, mechanisms, remote address: 0 nothing, 1 encryption, 2 another mechanism
        { "", "", "", "", "192.0.2.1", 1 },
        { "192.0.2.0/24", "", "", "", "192.0.2.1", 1 },
        { "192.0.2.0/24", "", "", "", "::ffff:192.0.2.1", 1 },
        { "192.0.2.0/24", "", "", "", "192.0.3.1", 0 },
        { "2001:db8::/32", "", "", "", "192.0.2.1", 0 },
        { "", "ALICE", "", "", "192.0.2.1", 1 },
        { "", "bob", "", "", "192.0.2.1", 0 },
        { "", "EXAMPLE\\alice", "", "", "192.0.2.1", 1 },
        { "", "OTHER\\alice", "", "", "192.0.2.1", 0 },
        { "", "", "STAFF", "", "192.0.2.1", 1 },
        { "", "bob", "staff", "", "192.0.2.1", 1 },
        { "", "", "others", "", "192.0.2.1", 0 },
        { "", "", "", "ntlm", "192.0.2.1", 1 },
        { "", "", "", "Kerberos", "192.0.2.1", 2 },
        { "192.0.3.0/24", "", "", "Kerberos", "192.0.2.1", 0 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_policy_is_about_who_and_where(string networks, string users, string groups, string mechanisms, string remote, int demand)
    {
        var policy = new LogonPolicy(
            [.. List(networks).Select(IPNetwork.Parse)], [], List(users), List(groups), List(mechanisms), RequireEncryption: true);
        var token = Accounts.Create(new SmbIdentity { UserName = "Alice", AccountDomain = "EXAMPLE", Groups = ["staff"] }, "NTLM");
        Assert.Equal((LogonDemand)demand, LogonPolicy.Judge([policy], Local, new IPEndPoint(IPAddress.Parse(remote), 50000), token));
    }

    [Theory]
    [InlineData("192.0.2.9", true)]
    [InlineData("192.0.2.0/24", true)]
    [InlineData("192.0.2.9:445", true)]
    [InlineData("*:445", true)]
    [InlineData("192.0.2.9:4450", false)]
    [InlineData("*:4450", false)]
    [InlineData("192.0.2.8", false)]
    [InlineData("2001:db8::1", false)]
    [InlineData("[2001:db8::1]:445", false)]
    public void A_policy_is_about_an_end_point(string endPoint, bool isAbout)
    {
        var policy = new LogonPolicy([], [LogonPolicyReader.ParseEndPoint(endPoint)!], [], [], ["Kerberos"], false);
        var token = Accounts.Create(new SmbIdentity { UserName = "Alice" }, "NTLM");
        var remote = new IPEndPoint(IPAddress.Loopback, 50000);
        var expected = isAbout ? LogonDemand.OtherMechanism : LogonDemand.None;
        Assert.Equal(expected, LogonPolicy.Judge([policy], Local, remote, token));
        Assert.Equal(expected, LogonPolicy.Judge([policy], new IPEndPoint(Local.Address.MapToIPv6(), Local.Port), remote, token));
        Assert.Equal(LogonDemand.None, LogonPolicy.Judge([policy], null, remote, token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("*:0")]
    [InlineData("*:65536")]
    [InlineData("server:445")]
    [InlineData("192.0.2.1:0")]
    public void What_is_no_end_point_is_a_mistake(string text) => Assert.Null(LogonPolicyReader.ParseEndPoint(text));

    [Fact]
    public async Task A_policy_counts_at_a_channel_and_when_a_user_authenticates_again()
    {
        var policies = new List<LogonPolicy>();
        Start(new ServerSettings { LogonPolicies = policies });
        var session = await Server.LogOnAsync();
        policies.Add(new([], [], [TestServer.Alice], [], ["Kerberos"], false));
        var channel = Server.Connect(session.Connection.Options);
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password, NtStatus.AccessDenied);
        Assert.Single(Assert.Single(Server.Graph.Sessions).Channels);
        Assert.True(Server.Logged("with NTLM for") && Server.Logged("refused by LogonPolicies"));

        policies[0] = policies[0] with { Mechanisms = ["NTLM"] };
        await session.LogOnAsync(TestServer.Alice, TestServer.Password);
        policies[0] = policies[0] with { Mechanisms = ["Kerberos"] };
        await session.LogOnAsync(
            new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password }, expected: NtStatus.AccessDenied);
    }

    [Fact]
    public async Task A_session_in_the_clear_gets_no_channel_where_encryption_is_demanded()
    {
        var policies = new List<LogonPolicy>();
        Start(new ServerSettings { LogonPolicies = policies });
        var session = await Server.LogOnAsync();
        policies.Add(new([], [], [], [], [], true));
        var channel = Server.Connect(session.Connection.Options);
        await channel.NegotiateAsync();
        await session.BindAsync(channel, TestServer.Alice, TestServer.Password, NtStatus.AccessDenied);

        // And is not made to last by authenticating again.
        await session.LogOnAsync(
            new NtlmInitiatorOptions { UserName = TestServer.Alice, Password = TestServer.Password }, expected: NtStatus.AccessDenied);
    }

    [Fact]
    public async Task A_mechanism_that_is_not_for_a_user_lets_nobody_in()
    {
        Start(new ServerSettings { LogonPolicies = [new([], [], [TestServer.Alice], [], ["Kerberos"], false)] });
        await RefusedAsync(new SmbTestClientOptions(), TestServer.Alice);
        await Server.LogOnAsync(user: TestServer.Bob);
    }

    [Fact]
    public async Task A_session_that_must_be_encrypted_is()
    {
        Start(new ServerSettings { LogonPolicies = [new([], [], [TestServer.Alice], [], [], true)] });
        Assert.True(Server.Graph.FindSession((await Server.LogOnAsync()).SessionId)!.EncryptData);
        Assert.False(Server.Graph.FindSession((await Server.LogOnAsync(user: TestServer.Bob)).SessionId)!.EncryptData);
    }

    [Fact]
    public async Task Who_cannot_encrypt_and_must_stays_outside()
    {
        Start(new ServerSettings { LogonPolicies = [new([], [], [], [], [], true)] });
        await RefusedAsync(Speaking(Smb2Dialect.Smb210), TestServer.Alice);
    }

    private async Task RefusedAsync(SmbTestClientOptions options, string user)
    {
        var connection = Server.Connect(options);
        await connection.NegotiateAsync();
        await new SmbTestSession(connection).LogOnAsync(
            new NtlmInitiatorOptions { UserName = user, Password = TestServer.Password }, expected: NtStatus.AccessDenied);
    }

    private static string[] List(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
