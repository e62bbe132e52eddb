using System.Security.Cryptography;
using System.Text;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.TestClient.Authentication;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication;

/// <summary>The choice among several mechanisms, and what proves that nobody has changed it (RFC 4178 4 and 5).</summary>
public sealed class SpnegoTests
{
    private readonly NtlmMechanism _ntlm;
    private readonly AccountDirectory _accounts;

    public SpnegoTests()
    {
        var users = new InMemoryUserStore();
        users.Add("alice", "password");
        _accounts = new AccountDirectory("SERVER", users);
        var options = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER",
            NetBiosDomainName = "SERVER",
            DnsComputerName = "server",
            Random = RandomNumberGenerator.Create(),
        };
        _ntlm = new NtlmMechanism(options, users, _accounts);
    }

    [Fact]
    public void The_offer_names_every_mechanism_best_first()
    {
        Assert.True(NegTokenInit.TryParse(Server(1).NegotiateToken.Span, out var offer));
        Assert.Equal("Kerberos, NTLM", offer.DescribeMechanisms());
        Assert.Equal((0, 1, 2), (offer.IndexOf(GssOid.MsKerberos), offer.IndexOf(GssOid.Kerberos), offer.IndexOf(GssOid.Ntlm)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public async Task A_mechanism_gets_as_many_tokens_as_it_wants(int legs)
    {
        using var exchange = Server(legs).Begin();
        var step = await exchange.StepAsync(Init("1"u8.ToArray(), GssOid.MsKerberos, GssOid.Ntlm), default);
        for (var leg = 1; leg < legs; leg++)
        {
            Assert.Equal(NtStatus.MoreProcessingRequired, step.Status);
            AssertResponse(step, NegState.AcceptIncomplete, leg == 1 ? GssOid.MsKerberos : default, $"answer {leg}", null);
            step = await exchange.StepAsync(Next($"{leg + 1}"), default);
        }

        Assert.Equal(NtStatus.Success, step.Status);
        AssertResponse(step, NegState.AcceptCompleted, legs == 1 ? GssOid.MsKerberos : default, $"answer {legs}", null);
        Assert.Equal(("alice", "Kerberos"), (step.Token!.Identity.UserName, step.Token.Mechanism));
        Assert.Equal(ScriptedMechanism.Key, step.SessionKey);
        Assert.Equal(AuthenticationFailure.BadToken, (await exchange.StepAsync(Next("1"), default)).Failure);
    }

    [Fact]
    public async Task The_clients_order_decides_and_its_name_of_the_mechanism_comes_back()
    {
        using var exchange = Server(1).Begin();
        var step = await exchange.StepAsync(Init("1"u8.ToArray(), GssOid.Kerberos, GssOid.MsKerberos, GssOid.Ntlm), default);
        AssertResponse(step, NegState.AcceptCompleted, GssOid.Kerberos, "answer 1", null);

        var client = new NtlmInitiator(new NtlmInitiatorOptions { UserName = "alice", Password = "password" });
        using var other = Server(1).Begin();
        step = await other.StepAsync(client.Start(), default);
        step = await other.StepAsync(client.Next(step.ResponseToken.Span), default);
        Assert.Equal("NTLM", step.Token!.Mechanism);
        Assert.True(client.Finish(step.ResponseToken.Span));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_choice_that_is_not_the_clients_first_must_be_proved(bool right)
    {
        using var exchange = Server(1).Begin();
        byte[][] oids = [GssOid.NegoEx.ToArray(), GssOid.MsKerberos.ToArray(), GssOid.Ntlm.ToArray()];
        var init = NegTokenInit.Write(oids, "for NEGOEX"u8);
        Assert.True(NegTokenInit.TryParse(init, out var parsed));
        var list = parsed.MechTypes.ToArray();
        var step = await exchange.StepAsync(init, default);
        AssertResponse(step, NegState.RequestMic, GssOid.MsKerberos, null, null);

        // The mechanism is complete on the server's side, but its client could not sign before it has seen the answer.
        step = await exchange.StepAsync(Next("1"), default);
        Assert.Equal(NtStatus.MoreProcessingRequired, step.Status);
        Assert.Null(step.SessionKey);
        AssertResponse(step, NegState.AcceptIncomplete, default, "answer 1", ScriptedMechanism.Mic(fromServer: true, list));

        var mic = ScriptedMechanism.Mic(fromServer: !right, list);
        step = await exchange.StepAsync(NegTokenResp.Write(null, default, default, mic), default);
        Assert.Equal(right ? NtStatus.Success : NtStatus.AccessDenied, step.Status);
        Assert.Equal(right ? AuthenticationFailure.None : AuthenticationFailure.Tampered, step.Failure);
        if (right)
        {
            AssertResponse(step, NegState.AcceptCompleted, default, null, null);
            Assert.Equal(ScriptedMechanism.Key, step.SessionKey);
        }
    }

    [Fact]
    public async Task Where_it_must_be_proved_it_cannot_be_left_out()
    {
        var options = new NtlmInitiatorOptions
        {
            UserName = "alice", Password = "password", SendMechListMic = false, PreferredMechanisms = [GssOid.NegoEx.ToArray()],
        };
        var client = new NtlmInitiator(options);
        using var exchange = Server(1).Begin();
        var step = await exchange.StepAsync(client.Start(), default);
        step = await exchange.StepAsync(client.Next(step.ResponseToken.Span), default);
        step = await exchange.StepAsync(client.Next(step.ResponseToken.Span), default);
        Assert.Equal(NtStatus.MoreProcessingRequired, step.Status);
        step = await exchange.StepAsync(NegTokenResp.Write(null, default, default, default), default);
        Assert.Equal(AuthenticationFailure.Tampered, step.Failure);
        Assert.Null(step.SessionKey);
    }

    [Fact]
    public async Task A_MIC_that_comes_with_the_last_token_is_enough()
    {
        var options = new NtlmInitiatorOptions
        {
            UserName = "alice", Password = "password", PreferredMechanisms = [GssOid.NegoEx.ToArray()],
        };
        var client = new NtlmInitiator(options);
        using var exchange = Server(1).Begin();
        var step = await exchange.StepAsync(client.Start(), default);
        step = await exchange.StepAsync(client.Next(step.ResponseToken.Span), default);
        step = await exchange.StepAsync(client.Next(step.ResponseToken.Span), default);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.True(client.Finish(step.ResponseToken.Span));
    }

    private static void AssertResponse(
        AuthenticationStep step, NegState state, ReadOnlySpan<byte> supportedMech, string? mechToken, byte[]? mic)
    {
        Assert.True(NegTokenResp.TryParse(step.ResponseToken.Span, out var response));
        Assert.Equal(state, response.State);
        Assert.Equal(supportedMech, response.SupportedMech);
        Assert.Equal(mechToken ?? "", Encoding.ASCII.GetString(response.ResponseToken));
        Assert.Equal(mic ?? [], response.MechListMic);
    }

    private static byte[] Next(string mechToken) => NegTokenResp.Write(null, default, Encoding.ASCII.GetBytes(mechToken), default);

    private static byte[] Init(byte[] mechToken, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third = default) =>
        NegTokenInit.Write(
            third.IsEmpty ? [first.ToArray(), second.ToArray()] : [first.ToArray(), second.ToArray(), third.ToArray()], mechToken);

    private SpnegoAuthenticator Server(int legs) => new([new ScriptedMechanism(legs), _ntlm], _accounts);
}
