using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Wire;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication;

/// <summary>Whole exchanges between the server's authenticator and the test client's initiator.</summary>
public class AuthenticationTests
{
    private static readonly byte[] Kerberos = [0x2A, 0x86, 0x48, 0x82, 0xF7, 0x12, 0x01, 0x02, 0x02];
    private static readonly byte[] MsKerberos = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x12, 0x01, 0x02, 0x02];

    private readonly InMemoryUserStore _users = new();
    private readonly AccountDirectory _accounts;
    private readonly NtlmMechanism _ntlm;
    private readonly SpnegoAuthenticator _authenticator;

    public AuthenticationTests()
    {
        _users.Add("Alice", "pässword", ["staff"], "Alice A.");
        _users.Add("disabled", "secret", disabled: true);
        var options = new NtlmAuthenticatorOptions
        {
            NetBiosComputerName = "SERVER",
            NetBiosDomainName = "SERVER",
            DnsComputerName = "server.example",
            Time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero)),
            Random = RandomNumberGenerator.Create(),
        };
        _accounts = new AccountDirectory("SERVER", _users);
        _ntlm = new NtlmMechanism(options, _users, _accounts);
        _authenticator = new SpnegoAuthenticator([_ntlm], _accounts);
    }

    public static TheoryData<bool, bool, bool> GoodClients => new()
    {
        { false, true, true },
        { false, true, false },
        { false, false, true },
        { false, false, false },
        { true, true, true },
        { true, false, true },
    };

    [Theory]
    [MemberData(nameof(GoodClients))]
    public async Task TheRightPasswordLogsOnAndBothEndsHaveTheKey(bool raw, bool mic, bool mechListMic)
    {
        var client = Client(raw: raw, sendMic: mic, sendMechListMic: mechListMic);
        var step = await Run(client);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.Equal(client.SessionKey, step.SessionKey);
        Assert.True(client.Finish(step.ResponseToken.Span));
        var identity = step.Identity!;
        Assert.Equal(("Alice", "DOM", "TESTCLIENT"), (identity.UserName, identity.DomainName, identity.WorkstationName));
        Assert.True(identity.IsInGroup("STAFF"));
        Assert.False(identity.IsAnonymous || identity.IsGuest);
    }

    [Theory]
    [InlineData(NtlmFlags.KeyExchange)]
    [InlineData(NtlmFlags.Key128)]
    [InlineData(NtlmFlags.Key128 | NtlmFlags.Key56)]
    [InlineData(NtlmFlags.RequestTarget | NtlmFlags.Version)]
    [InlineData(NtlmFlags.Sign | NtlmFlags.Seal)]
    internal async Task AClientMayLeaveOutWhatIsOptional(NtlmFlags without)
    {
        var client = Client(flags: NtlmInitiatorOptions.DefaultFlags & ~without);
        var step = await Run(client);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.Equal(client.SessionKey, step.SessionKey);
        Assert.True(client.Finish(step.ResponseToken.Span));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AClientThatPrefersKerberosIsTakenToNtlm(bool sendMechListMic)
    {
        var client = Client(preferred: [MsKerberos, Kerberos], sendMechListMic: sendMechListMic);
        using var exchange = _authenticator.Begin();
        var first = await exchange.StepAsync(client.Start(), default);
        Assert.Equal(NtStatus.MoreProcessingRequired, first.Status);
        Assert.True(NegTokenResp.TryParse(first.ResponseToken.Span, out var selection));
        Assert.Equal(NegState.RequestMic, selection.State);
        Assert.True(selection.SupportedMech.SequenceEqual(GssOid.Ntlm));
        Assert.True(selection.ResponseToken.IsEmpty);

        var second = await exchange.StepAsync(client.Next(first.ResponseToken.Span), default);
        Assert.Equal(NtStatus.MoreProcessingRequired, second.Status);
        var third = await exchange.StepAsync(client.Next(second.ResponseToken.Span), default);
        Assert.Equal(NtStatus.Success, third.Status);
        Assert.Equal(client.SessionKey, third.SessionKey);
        Assert.True(client.Finish(third.ResponseToken.Span));
    }

    [Fact]
    public async Task AClientWithoutNtlmIsRefused()
    {
        using var exchange = _authenticator.Begin();
        var step = await exchange.StepAsync(NegTokenInit.Write([Kerberos], [1, 2, 3]), default);
        Assert.Equal((NtStatus.LogonFailure, AuthenticationFailure.NoCommonMechanism), (step.Status, step.Failure));
        Assert.Equal("Kerberos", step.Detail);
    }

    [Theory]
    [InlineData("Alice", "wrong", NtStatus.LogonFailure, AuthenticationFailure.WrongPassword)]
    [InlineData("Alice", "", NtStatus.LogonFailure, AuthenticationFailure.WrongPassword)]
    [InlineData("nobody", "pässword", NtStatus.LogonFailure, AuthenticationFailure.UnknownUser)]
    [InlineData("disabled", "secret", NtStatus.AccountDisabled, AuthenticationFailure.AccountDisabled)]
    [InlineData("disabled", "wrong", NtStatus.LogonFailure, AuthenticationFailure.WrongPassword)]
    internal async Task WhatIsWrongIsRefusedWithoutATokenOrAKey(
        string user, string password, NtStatus status, AuthenticationFailure failure)
    {
        var step = await Run(Client(user, password));
        Assert.Equal((status, failure), (step.Status, step.Failure));
        Assert.True(step.ResponseToken.IsEmpty);
        Assert.Null(step.SessionKey);
        Assert.Equal(user, step.Identity!.UserName);
    }

    [Fact]
    public async Task ARemovedUserIsUnknown()
    {
        Assert.True(_users.Remove("ALICE"));
        Assert.Equal(AuthenticationFailure.UnknownUser, (await Run(Client())).Failure);
    }

    [Fact]
    public async Task AHashOfZerosIsNoPassword()
    {
        _users.AddHash("zero", new byte[16]);
        Assert.Equal(AuthenticationFailure.UnknownUser, (await Run(Client("zero", ""))).Failure);
    }

    [Fact]
    public async Task NtlmV1IsRefused()
    {
        var step = await Run(Client(useNtlmV1: true, sendMechListMic: false));
        Assert.Equal((NtStatus.LogonFailure, AuthenticationFailure.TooWeak), (step.Status, step.Failure));
    }

    [Fact]
    public async Task NoExtendedSessionSecurityIsRefusedAtOnce()
    {
        using var exchange = _authenticator.Begin();
        var client = Client(flags: NtlmInitiatorOptions.DefaultFlags & ~NtlmFlags.ExtendedSessionSecurity);
        var step = await exchange.StepAsync(client.Start(), default);
        Assert.Equal((NtStatus.LogonFailure, AuthenticationFailure.NoSessionSecurity), (step.Status, step.Failure));
    }

    [Theory]
    [InlineData("alice", true)]
    [InlineData("alice", false)]
    [InlineData("jürgen", false)]
    [InlineData("josé", false)]
    [InlineData("ærø", false)]
    public async Task AClientThatHasOnlyTheOemCharacterSetLogsOn(string user, bool raw)
    {
        _users.Add("Jürgen", "pässword");
        _users.Add("José", "pässword");
        _users.Add("Ærø", "pässword");
        var client = Client(user, raw: raw, flags: (NtlmInitiatorOptions.DefaultFlags & ~NtlmFlags.Unicode) | NtlmFlags.Oem);
        var step = await Run(client);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.Equal(user, step.Identity!.UserName, ignoreCase: true);
        Assert.Equal(client.SessionKey, step.SessionKey);
        Assert.Equal(("DOM", "TESTCLIENT"), (step.Identity.DomainName, step.Identity.WorkstationName));
        Assert.True(client.Finish(step.ResponseToken.Span));
        var challenge = client.LastChallenge;
        Assert.True(NtlmMessage.TryGetField(challenge, NtlmChallengeMessage.TargetNameOffset, out var target));
        Assert.Equal("SERVER"u8, challenge.AsSpan()[target]);
        Assert.Equal(NtlmFlags.Oem, FlagsOf(challenge) & (NtlmFlags.Oem | NtlmFlags.Unicode));
    }

    [Fact]
    public async Task OfBothCharacterSetsUnicodeIsTheOne()
    {
        _users.Add("Łukasz", "pässword");
        var client = Client("Łukasz", flags: NtlmInitiatorOptions.DefaultFlags | NtlmFlags.Oem);
        var step = await Run(client);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.Equal("Łukasz", step.Identity!.UserName);
        Assert.Equal(NtlmFlags.Unicode, FlagsOf(client.LastChallenge) & (NtlmFlags.Oem | NtlmFlags.Unicode));
    }

    [Fact]
    public async Task AClientWithoutACharacterSetIsRefused()
    {
        using var exchange = _authenticator.Begin();
        var client = Client(raw: true, flags: NtlmInitiatorOptions.DefaultFlags & ~NtlmFlags.Unicode);
        var step = await exchange.StepAsync(client.Start(), default);
        Assert.Equal((NtStatus.InvalidParameter, AuthenticationFailure.BadToken), (step.Status, step.Failure));
    }

    [Fact]
    public async Task AChangedMessageIsFoundOutByItsMic()
    {
        // The workstation's name is covered by nothing but the MIC.
        var step = await Run(Client(tamper: message =>
        {
            var at = (int)((ReadOnlySpan<byte>)message).UInt32(NtlmAuthenticateMessage.WorkstationOffset + 4);
            message[at] ^= 0x20;
        }));
        Assert.Equal((NtStatus.AccessDenied, AuthenticationFailure.Tampered), (step.Status, step.Failure));
        Assert.Null(step.SessionKey);
    }

    [Fact]
    public async Task AWrongMechListMicIsFoundOut()
    {
        var client = Client();
        using var exchange = _authenticator.Begin();
        var first = await exchange.StepAsync(client.Start(), default);
        var token = client.Next(first.ResponseToken.Span);
        token[^1] ^= 1;
        Assert.Equal(AuthenticationFailure.Tampered, (await exchange.StepAsync(token, default)).Failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AnonymousIsSaidToBeSoAndIsKeyed(bool raw)
    {
        var client = Client("", "", raw: raw);
        var step = await Run(client);
        Assert.Equal(NtStatus.Success, step.Status);
        Assert.True(step.Identity!.IsAnonymous);
        Assert.Equal("", step.Identity.UserName);
        Assert.Equal(client.SessionKey, step.SessionKey);
        Assert.True(client.Finish(step.ResponseToken.Span));
    }

    [Fact]
    public async Task AnUnknownUserMayBeLetInAsAGuest()
    {
        var client = Client("nobody", "x", sendMechListMic: false);
        using var exchange = _authenticator.Begin();
        var first = await exchange.StepAsync(client.Start(), default);
        var step = await exchange.StepAsync(client.Next(first.ResponseToken.Span), default);
        Assert.Equal(AuthenticationFailure.UnknownUser, step.Failure);
        var guest = exchange.AcceptAsGuest();
        Assert.Equal(NtStatus.Success, guest.Status);
        Assert.True(guest.Identity!.IsGuest);
        Assert.True(client.Finish(guest.ResponseToken.Span));
    }

    [Fact]
    public async Task AWrongPasswordNeverBecomesAGuest()
    {
        var client = Client("Alice", "x");
        using var exchange = _authenticator.Begin();
        var first = await exchange.StepAsync(client.Start(), default);
        await exchange.StepAsync(client.Next(first.ResponseToken.Span), default);
        Assert.Throws<InvalidOperationException>(() => exchange.AcceptAsGuest());
    }

    [Fact]
    public async Task AFinishedExchangeTakesNothingMore()
    {
        var client = Client();
        using var exchange = _authenticator.Begin();
        var first = await exchange.StepAsync(client.Start(), default);
        var token = client.Next(first.ResponseToken.Span);
        Assert.Equal(NtStatus.Success, (await exchange.StepAsync(token, default)).Status);
        Assert.Equal(AuthenticationFailure.BadToken, (await exchange.StepAsync(token, default)).Failure);
    }

    [Fact]
    public async Task AnAnswerToAnotherChallengeIsRefused()
    {
        var client = Client();
        using var first = _authenticator.Begin();
        var challenge = await first.StepAsync(client.Start(), default);
        var token = client.Next(challenge.ResponseToken.Span);
        using var second = _authenticator.Begin();
        await second.StepAsync(Client().Start(), default);
        Assert.Equal(AuthenticationFailure.WrongPassword, (await second.StepAsync(token, default)).Failure);
    }

    [Fact]
    public async Task TheChallengeNamesTheServerAndTheTime()
    {
        var client = Client();
        await Run(client);
        var challenge = client.LastChallenge;
        Assert.True(NtlmMessage.TryGetField(challenge, NtlmChallengeMessage.TargetInfoOffset, out var range));
        var info = challenge.AsSpan()[range];
        Assert.True(NtlmAvPairs.IsWellFormed(info));
        Assert.True(NtlmAvPairs.TryFind(info, NtlmAvId.NbComputerName, out var name));
        Assert.Equal("SERVER", name.Utf16());
        Assert.True(NtlmAvPairs.TryFind(info, NtlmAvId.DnsComputerName, out var dns));
        Assert.Equal("server.example", dns.Utf16());
        Assert.True(NtlmAvPairs.TryFind(info, NtlmAvId.Timestamp, out var time));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), new FileTime(time.Int64(0)).ToDateTimeOffset());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NoCutOrFlippedFirstTokenThrows(bool raw)
    {
        var token = Client(raw: raw).Start();
        foreach (var broken in Mutations(token))
        {
            using var exchange = _authenticator.Begin();
            await exchange.StepAsync(broken, default);
        }
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task NoCutOrFlippedSecondTokenThrowsOrLogsOnWithAWrongKey(bool raw, bool mic)
    {
        for (var i = 0; ; i++)
        {
            var client = Client(raw: raw, sendMic: mic);
            using var exchange = _authenticator.Begin();
            var first = await exchange.StepAsync(client.Start(), default);
            var token = client.Next(first.ResponseToken.Span);
            if (MutationAt(token, i) is not { } broken)
            {
                break;
            }

            var step = await exchange.StepAsync(broken, default);
            if (step.Status == NtStatus.Success && mic)
            {
                Assert.Equal(client.SessionKey, step.SessionKey);
            }
        }
    }

    [Fact]
    public async Task RandomBytesNeverThrow()
    {
        var random = new Random(7);
        var prefixes = new[] { [], "NTLMSSP\0"u8.ToArray(), Client().Start()[..16] };
        for (var i = 0; i < 5000; i++)
        {
            var tail = new byte[random.Next(200)];
            random.NextBytes(tail);
            using var exchange = _authenticator.Begin();
            var step = await exchange.StepAsync((byte[])[.. prefixes[i % prefixes.Length], .. tail], default);
            Assert.NotEqual(NtStatus.Success, step.Status);
        }
    }

    private static IEnumerable<byte[]> Mutations(byte[] token)
    {
        for (var i = 0; MutationAt(token, i) is { } broken; i++)
        {
            yield return broken;
        }
    }

    // Every cut, then every flipped bit.
    private static byte[]? MutationAt(byte[] token, int index)
    {
        if (index < token.Length)
        {
            return token[..index];
        }

        var bit = index - token.Length;
        if (bit >= token.Length * 8)
        {
            return null;
        }

        var flipped = token.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    private static NtlmFlags FlagsOf(byte[] challenge) => (NtlmFlags)challenge.AsSpan().UInt32(NtlmChallengeMessage.FlagsOffset);

    private static NtlmInitiator Client(
        string user = "alice",
        string password = "pässword",
        bool raw = false,
        bool sendMic = true,
        bool sendMechListMic = true,
        bool useNtlmV1 = false,
        byte[][]? preferred = null,
        NtlmFlags flags = NtlmInitiatorOptions.DefaultFlags,
        Action<byte[]>? tamper = null) => new(new NtlmInitiatorOptions
        {
            UserName = user,
            Password = password,
            DomainName = "DOM",
            Raw = raw,
            SendMic = sendMic,
            SendMechListMic = sendMechListMic,
            UseNtlmV1 = useNtlmV1,
            PreferredMechanisms = preferred ?? [],
            Flags = flags,
            Tamper = tamper,
        });

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
}
