using System.Net;
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
            [.. List(networks).Select(IPNetwork.Parse)], List(users), List(groups), List(mechanisms), RequireEncryption: true);
        var token = Accounts.Create(new SmbIdentity { UserName = "Alice", AccountDomain = "EXAMPLE", Groups = ["staff"] }, "NTLM");
        Assert.Equal((LogonDemand)demand, LogonPolicy.Judge([policy], IPAddress.Parse(remote), token));
    }

    [Fact]
    public async Task A_mechanism_that_is_not_for_a_user_lets_nobody_in()
    {
        Start(new ServerSettings { LogonPolicies = [new([], [TestServer.Alice], [], ["Kerberos"], false)] });
        await RefusedAsync(new SmbTestClientOptions(), TestServer.Alice);
        await Server.LogOnAsync(user: TestServer.Bob);
    }

    [Fact]
    public async Task A_session_that_must_be_encrypted_is()
    {
        Start(new ServerSettings { LogonPolicies = [new([], [TestServer.Alice], [], [], true)] });
        Assert.True(Server.Graph.FindSession((await Server.LogOnAsync()).SessionId)!.EncryptData);
        Assert.False(Server.Graph.FindSession((await Server.LogOnAsync(user: TestServer.Bob)).SessionId)!.EncryptData);
    }

    [Fact]
    public async Task Who_cannot_encrypt_and_must_stays_outside()
    {
        Start(new ServerSettings { LogonPolicies = [new([], [], [], [], true)] });
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
