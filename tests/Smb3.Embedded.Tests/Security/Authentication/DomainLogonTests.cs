using System.Security.Cryptography;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.TestClient.Authentication;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication;

/// <summary>NTLM of users whose password only their domain can check.</summary>
public sealed class DomainLogonTests : IDisposable
{
    private const string Password = "pässword";
    private static readonly Sid Domain = new(5, 21, 7, 8, 9);

    private readonly InMemoryUserStore _users = new();
    private readonly Controller _controller = new();
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly List<Exception> _told = [];
    private readonly SpnegoAuthenticator _authenticator;

    public DomainLogonTests()
    {
        _users.Add("local", "own");
        var options = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER", NetBiosDomainName = "SERVER", DnsComputerName = "server", Random = _random,
        };
        var accounts = new AccountDirectory("SERVER", _users);
        var mechanism = new NtlmMechanism(options, _users, accounts) { Domain = new NtlmDomain(_controller, accounts, _told.Add) };
        _authenticator = new SpnegoAuthenticator([mechanism], accounts);
    }

    public void Dispose() => _random.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_domain_says_who_it_is_and_both_ends_have_the_key(bool mic)
    {
        var client = Client(mic: mic);
        var step = await Run(client);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.Equal(client.SessionKey, step.SessionKey);
        Assert.True(client.Finish(step.ResponseToken.Span));
        Assert.Equal(("Alice", "EXAMPLE"), (step.Identity!.UserName, step.Identity.DomainName));
        Assert.True(step.Identity.IsInGroup(Domain.WithRid(1105).ToString()));
        Assert.Equal(Domain.WithRid(1104), step.Token!.User);
        Assert.False(step.Token.IsSidFromName);
        Assert.False(step.Token.Authorization.IsAdministrator); // a group that each machine has is not the domain's to give
    }

    [Fact]
    public async Task Its_administrators_are_the_servers()
    {
        _controller.Groups = [Domain.WithRid(512)];
        Assert.True((await Run(Client())).Token!.Authorization.IsAdministrator);
    }

    [Theory]
    [InlineData(NtStatus.WrongPassword, NtStatus.LogonFailure)]
    [InlineData(NtStatus.NoSuchUser, NtStatus.LogonFailure)]
    [InlineData(NtStatus.AccountDisabled, NtStatus.AccountDisabled)]
    [InlineData(NtStatus.AccountLockedOut, NtStatus.AccountRestriction)]
    [InlineData(NtStatus.NoLogonServers, NtStatus.NoLogonServers)]
    public async Task What_the_domain_refuses_is_refused(NtStatus says, NtStatus told)
    {
        _controller.Refuses = says;
        var step = await Run(Client());
        Assert.Equal(told, step.Status);
        Assert.Null(step.Token);
        Assert.Null(step.SessionKey);
    }

    [Fact]
    public async Task A_wrong_password_is_refused() => Assert.Equal(NtStatus.LogonFailure, (await Run(Client(password: "wrong"))).Status);

    [Fact]
    public async Task A_domain_that_cannot_be_asked_is_no_wrong_password()
    {
        _controller.Fault = new IOException("The wire is cut.");
        var step = await Run(Client());
        Assert.Equal((NtStatus.NoLogonServers, AuthenticationFailure.NoLogonServer), (step.Status, step.Failure));
        Assert.Same(_controller.Fault, Assert.Single(_told));
    }

    [Fact]
    public async Task Another_key_than_the_clients_gives_no_logon()
    {
        _controller.WrongKey = true;
        Assert.Equal(AuthenticationFailure.Tampered, (await Run(Client())).Failure);
    }

    [Fact]
    public async Task Messages_that_were_changed_are_noticed()
    {
        var step = await Run(Client(tamper: message => message[^1] ^= 1));
        Assert.NotEqual(NtStatus.Success, step.Status);
    }

    [Theory]
    [InlineData("local", "EXAMPLE")]
    [InlineData("Alice", "SERVER")]
    [InlineData("Alice", "")]
    public async Task The_servers_own_users_and_those_without_a_domain_are_not_asked_for(string user, string domain)
    {
        await Run(Client(user, domain: domain));
        Assert.Equal(0, _controller.Asked);
    }

    [Fact]
    public async Task Only_NTLMv2_gets_there()
    {
        Assert.Equal(AuthenticationFailure.TooWeak, (await Run(Client(useNtlmV1: true))).Failure);
        Assert.Equal(0, _controller.Asked);
    }

    private static NtlmInitiator Client(
        string user = "alice", string password = Password, string domain = "EXAMPLE", bool mic = true, bool useNtlmV1 = false, Action<byte[]>? tamper = null) =>
        new(new NtlmInitiatorOptions { UserName = user, Password = password, DomainName = domain, SendMic = mic, UseNtlmV1 = useNtlmV1, Tamper = tamper });

    private async Task<AuthenticationStep> Run(NtlmInitiator client)
    {
        using var exchange = _authenticator.Begin();
        var step = await exchange.StepAsync(client.Start(), default);
        while (step.Status == NtStatus.MoreProcessingRequired)
        {
            step = await exchange.StepAsync(client.Next(step.ResponseToken.Span), default);
        }

        return step;
    }

    /// <summary>A domain controller with one user.</summary>
    private sealed class Controller : IDomainLogon
    {
        public int Asked { get; private set; }

        public NtStatus? Refuses { get; set; }

        public Exception? Fault { get; set; }

        public bool WrongKey { get; set; }

        public IReadOnlyList<Sid> Groups { get; set; } = [Domain.WithRid(1105), WellKnownSids.Administrators];

        public async ValueTask<SmbDomainLogonResult> CheckAsync(SmbDomainLogon logon, CancellationToken cancellationToken)
        {
            await Task.Yield();
            Asked++;
            if (Fault is not null)
            {
                throw Fault;
            }

            if (Refuses is { } status)
            {
                return SmbDomainLogonResult.Refuse(status);
            }

            byte[] hash = new byte[16], key = new byte[16], proof = new byte[16], baseKey = new byte[16];
            SmbUser.ComputeNtHash(Password, hash);
            NtlmV2.ResponseKey(hash, logon.UserName, logon.DomainName, key);
            NtlmV2.Proof(key, logon.ServerChallenge.Span, logon.NtResponse.Span[16..], proof);
            NtlmV2.SessionBaseKey(key, proof, baseKey);
            if (WrongKey)
            {
                baseKey[0] ^= 1;
            }

            return logon.NtResponse.Span[..16].SequenceEqual(proof)
                ? SmbDomainLogonResult.Accept(new SmbAccount(Domain.WithRid(1104), "Alice", "EXAMPLE", SidNameUse.User), Domain.WithRid(513), Groups, baseKey)
                : SmbDomainLogonResult.Refuse(NtStatus.WrongPassword);
        }
    }
}
