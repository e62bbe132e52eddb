using System.Formats.Asn1;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Authentication.Gss;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Encryption;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Kerberos.Tokens;
using Smb3.Embedded.Security.Directory;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.Tests.Security.Directory;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication.Kerberos;

public sealed class KerberosTests
{
    private readonly InMemoryUserStore _users = new();

    public static TheoryData<int, int> Types => new()
    {
        { 17, 17 }, { 18, 18 }, { 19, 19 }, { 20, 20 }, { 18, 17 }, { 23, 23 }, { 23, 18 },
    };

    /// <summary>What is wrong with a ticket, and what the log says of it.</summary>
    public static TheoryData<string, string> Refusals => new()
    {
        { "wrong key", "the keytab has another key for cifs/files.test.example@TEST.EXAMPLE, version 2, type 18: make a new one" },
        { "old version", "the keytab has no key of that version or type: cifs/files.test.example@TEST.EXAMPLE, version 1, type 18" },
        { "other realm of the service", "the keytab has no key for cifs/files.test.example@OTHER.EXAMPLE, version 2, type 18" },
        { "other service", "it is for HTTP/files.test.example, which is not a file server" },
        { "expired", "it has expired" },
        { "not yet", "it is not valid yet" },
        { "invalid", "it is not valid yet" },
        { "another's", "it is another client's than the authenticator says" },
        { "rc4", "it is encrypted with RC4; let the account of cifs/files.test.example have AES, or allow RC4" },
        { "rc4 session", "its session key is for RC4" },
        { "rc4 chosen", "its client has chosen a key for RC4" },
        { "rpc", "it asks for the form of RPC, which SMB has no use for" },
        { "pac of another key", "its PAC is not signed with the server's key" },
        { "pac changed", "its PAC is not signed with the server's key" },
        { "pac unsigned", "its PAC is damaged" },
        { "pac of another", "its PAC belongs to another ticket" },
        { "pac asked for another", "its PAC is damaged" },
        { "foreign realm without pac", "alice@OTHER.EXAMPLE is of another realm, and the ticket has no PAC" },
        { "service as user", "host/pc@TEST.EXAMPLE is not the name of a user" },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public async Task A_ticket_logs_its_user_on_and_both_sides_have_one_key(int type, int sessionType)
    {
        var kdc = new TestKdc((EncryptionType)type, (EncryptionType)sessionType);
        using var context = Mechanism(kdc, allowRc4: type == 23).Begin(null);
        var step = await context.AcceptAsync(kdc.Token(), default);

        Assert.Equal(AuthenticationFailure.None, step.Failure);
        var token = step.Token!;
        Assert.Equal(("alice", TestKdc.Realm, "Kerberos"), (token.Identity.UserName, token.Domain, token.Mechanism));
        Assert.Equal(TestKdc.Now.AddHours(9), token.Expiry);
        Assert.False(token.Identity.IsGuest);
        var key = ClientKey(kdc, step.ResponseToken);
        Assert.Equal(key.Value.ToArray(), context.SessionKey.ToArray());
        var isOwn = sessionType != 23;
        Assert.Equal(!isOwn, key.Value.SequenceEqual(kdc.SubKey!.Value));

        // The list of mechanisms, signed by both.
        IMessageTokens tokens = sessionType == 23 ? new Rc4MessageTokens(key, isAcceptor: false) : new AesMessageTokens(key, isOwn, isAcceptor: false);
        var (_, sequence) = TestKdc.ReadReply(kdc.SessionKey, Unframe(step.ResponseToken));
        var mic = context.GetMic([1, 2, 3]);
        Assert.True(tokens.VerifyMic(sequence, [1, 2, 3], mic));
        Assert.False(context.VerifyMic([1, 2, 3], mic));
        tokens.WriteMic(TestKdc.FirstSequence + 1, [1, 2, 3], mic);
        Assert.True(context.VerifyMic([1, 2, 3], mic));
    }

    [Fact]
    public async Task The_client_may_leave_out_its_key_its_version_and_mutual_authentication()
    {
        var kdc = new TestKdc { SubKey = null, Version = null, Asks = GssFlags.None };
        using var context = Mechanism(kdc).Begin(null);
        var step = await context.AcceptAsync(kdc.Token(), default);
        Assert.NotNull(step.Token);
        Assert.True(step.ResponseToken.IsEmpty);
        Assert.Equal(kdc.SessionKey.Value.ToArray(), context.SessionKey.ToArray());
    }

    [Fact]
    public async Task A_client_without_GSS_is_let_in_as_Windows_does()
    {
        var kdc = new TestKdc { SubKey = null, ChecksumType = 0 };
        using var context = Mechanism(kdc).Begin(null);
        var step = await context.AcceptAsync(kdc.ApRequest(), default);
        Assert.NotNull(step.Token);
        Assert.True(step.ResponseToken.IsEmpty);
        Assert.Equal(kdc.SessionKey.Value.ToArray(), context.SessionKey.ToArray());
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task What_is_wrong_is_refused_and_said(string what, string why)
    {
        var kdc = what.StartsWith("rc4", StringComparison.Ordinal)
            ? new TestKdc(
                what == "rc4" ? EncryptionType.Rc4 : EncryptionType.Aes256Sha1,
                what == "rc4 chosen" ? EncryptionType.Aes256Sha1 : EncryptionType.Rc4)
            : new TestKdc();
        var mechanism = Mechanism(kdc);
        switch (what)
        {
            case "wrong key":
                kdc.ServiceKey = KerberosKey.Generate(kdc.ServiceKey.Profile);
                break;
            case "old version":
                kdc.Version = 1;
                break;
            case "other realm of the service":
                kdc.ServiceRealm = "OTHER.EXAMPLE";
                break;
            case "other service":
                kdc.Service = ["HTTP", "files.test.example"];
                break;
            case "expired":
                kdc.Ends = TestKdc.Now;
                break;
            case "not yet":
                kdc.Starts = TestKdc.Now.AddMinutes(6);
                break;
            case "invalid":
                kdc.Flags = 0x01000000;
                break;
            case "another's":
                kdc.ProofOf = ["bob"];
                break;
            case "rc4 chosen":
                kdc.SubKey = KerberosKey.Generate(EncryptionProfile.Of(EncryptionType.Rc4)!);
                break;
            case "rpc":
                kdc.Asks = GssFlags.Mutual | GssFlags.DceStyle;
                break;
            case "pac of another key":
                kdc.PacKey = KerberosKey.Generate(kdc.ServiceKey.Profile);
                kdc.Pac = kdc.MakePac([513]);
                break;
            case "pac changed":
                kdc.Pac = kdc.MakePac([513]);
                kdc.Pac[200] ^= 1;
                break;
            case "pac unsigned":
                kdc.Pac = kdc.MakePac([513])[..40];
                break;
            case "pac of another":
                kdc.Client = ["bob"];
                kdc.Pac = kdc.MakePac([513]);
                kdc.Client = ["alice"];
                break;
            case "pac asked for another":
                kdc.Pac = kdc.MakePac([513], requestor: TestKdc.Domain.WithRid(500));
                break;
            case "foreign realm without pac":
                kdc.ClientRealm = "OTHER.EXAMPLE";
                break;
            case "service as user":
                kdc.Client = ["host", "pc"];
                break;
        }

        using var context = mechanism.Begin(null);
        var step = await context.AcceptAsync(kdc.Token(), default);
        Assert.Equal((AuthenticationFailure.TicketRefused, why), (step.Failure, step.Detail));
        Assert.Null(step.Token);
        Assert.True(step.ResponseToken.IsEmpty);
        Assert.Equal(NtStatus.LogonFailure, AuthenticationStep.Fail(step.Failure).Status);
    }

    [Theory]
    [InlineData(-301)]
    [InlineData(301)]
    public async Task Clocks_that_differ_by_too_much_are_told(int seconds)
    {
        var kdc = new TestKdc { ClientTime = TestKdc.Now.AddSeconds(seconds) };
        using var context = Mechanism(kdc).Begin(null);
        var step = await context.AcceptAsync(kdc.Token(), default);
        Assert.Equal(AuthenticationFailure.ClockSkew, step.Failure);
        Assert.Contains("00:05:01", step.Detail, StringComparison.Ordinal);
        Assert.Equal(NtStatus.TimeDifferenceAtDc, AuthenticationStep.Fail(step.Failure).Status);
    }

    [Fact]
    public async Task What_was_sent_before_is_a_replay_on_whichever_connection()
    {
        var kdc = new TestKdc();
        var mechanism = Mechanism(kdc);
        var sent = kdc.Token();
        using var first = mechanism.Begin(null);
        Assert.NotNull((await first.AcceptAsync(sent, default)).Token);
        using var second = mechanism.Begin(null);
        Assert.Equal("it was sent before: a replay", (await second.AcceptAsync(sent, default)).Detail);
        using var third = mechanism.Begin(null);
        Assert.NotNull((await third.AcceptAsync(kdc.Token(), default)).Token);
    }

    [Fact]
    public void Replays_take_no_more_room_than_they_may()
    {
        var cache = new ReplayCache(10, TimeSpan.FromMinutes(10), new FixedTime());
        for (var i = 0; i < 100; i++)
        {
            Assert.True(cache.TryAdd(BitConverter.GetBytes(i)));
            Assert.False(cache.TryAdd(BitConverter.GetBytes(i)));
            Assert.InRange(cache.Count, 1, 10);
        }
    }

    [Fact]
    public async Task A_pac_says_who_the_user_is()
    {
        var elsewhere = Sid.Parse("S-1-5-21-9-9-9-1234");
        var kdc = new TestKdc();
        kdc.Pac = kdc.MakePac([513, 1106], [elsewhere, WellKnownSids.Administrators]);
        using var context = Mechanism(kdc).Begin(null);
        var token = (await context.AcceptAsync(kdc.Token(), default)).Token!;

        Assert.Equal(TestKdc.Domain.WithRid(1103), token.User);
        Assert.Equal(TestKdc.Domain.WithRid(513), token.Authorization.PrimaryGroup);
        Assert.Equal(("alice", "TESTDOM", "Alice Example"), (token.Identity.UserName, token.Domain, token.Identity.DisplayName));
        Assert.False(token.IsSidFromName);
        Assert.True(token.Authorization.Contains(TestKdc.Domain.WithRid(1106)));
        Assert.True(token.Authorization.Contains(elsewhere));
        Assert.True(token.Identity.IsInGroup(elsewhere.ToString()));

        // Groups that are each machine's own are not a domain's to give.
        Assert.False(token.Authorization.IsAdministrator);
    }

    [Fact]
    public async Task Administrators_of_the_domain_are_the_servers()
    {
        var kdc = new TestKdc();
        kdc.Pac = kdc.MakePac([513, 512]);
        using var context = Mechanism(kdc).Begin(null);
        Assert.True((await context.AcceptAsync(kdc.Token(), default)).Token!.Authorization.IsAdministrator);
    }

    [Fact]
    public async Task A_user_of_the_host_has_the_groups_that_it_has_there_and_may_be_disabled()
    {
        _users.Add("Alice", "secret", ["staff"]);
        _users.Add("bob", "secret", disabled: true);
        var kdc = new TestKdc();
        var mechanism = Mechanism(kdc);
        using var context = mechanism.Begin(null);
        var token = (await context.AcceptAsync(kdc.Token(), default)).Token!;
        Assert.Equal("Alice", token.Identity.UserName);
        Assert.True(token.Identity.IsInGroup("staff"));
        kdc.Client = ["bob"];
        using var other = mechanism.Begin(null);
        Assert.Equal(AuthenticationFailure.AccountDisabled, (await other.AcceptAsync(kdc.Token(), default)).Failure);
    }

    [Fact]
    public async Task All_names_of_an_account_have_its_key()
    {
        var kdc = new TestKdc { Service = ["cifs", "alias"] };
        using var context = Mechanism(kdc).Begin(null);
        Assert.NotNull((await context.AcceptAsync(kdc.Token(), default)).Token);
    }

    [Fact]
    public async Task A_token_that_is_cut_or_changed_anywhere_is_refused_and_nothing_throws()
    {
        var kdc = new TestKdc();
        kdc.Pac = kdc.MakePac([513]);
        var mechanism = Mechanism(kdc);
        var whole = kdc.Token();
        for (var length = 0; length < whole.Length; length++)
        {
            using var context = mechanism.Begin(null);
            Assert.NotEqual(AuthenticationFailure.None, (await context.AcceptAsync(whole.AsMemory(0, length), default)).Failure);
        }

        var random = new Random(3);
        for (var i = 0; i < 3_000; i++)
        {
            var changed = whole.ToArray();
            changed[random.Next(changed.Length)] ^= (byte)random.Next(1, 256);
            using var context = mechanism.Begin(null);
            await context.AcceptAsync(changed, default);
        }
    }

    [Fact]
    public void A_ticket_of_any_contents_is_read_or_refused()
    {
        // Only a KDC can write these; it must not be able to stop the server either.
        var kdc = new TestKdc();
        var pac = kdc.MakePac([513, 1106], [Sid.Parse("S-1-5-21-9-9-9-1234")]);
        var random = new Random(4);
        for (var i = 0; i < 20_000; i++)
        {
            var changed = pac.ToArray();
            for (var n = random.Next(1, 5); n > 0; n--)
            {
                changed[random.Next(changed.Length)] = (byte)random.Next(256);
            }

            Smb3.Embedded.Security.Authentication.Kerberos.Pac.PrivilegeCertificate.Read(changed[..random.Next(changed.Length + 1)])?.ReadLogon();
            if (Smb3.Embedded.Security.Authentication.Kerberos.Pac.PrivilegeCertificate.Read(changed) is { } read)
            {
                read.IsSignedFor(kdc.ServiceKey);
                read.ReadLogon();
            }
        }
    }

    private static ReadOnlyMemory<byte> Unframe(ReadOnlyMemory<byte> answer)
    {
        Assert.True(GssFrame.TryRead(answer.Span, GssFrame.ApReplyId, out var offset));
        return answer[offset..];
    }

    /// <summary>What the client makes of the server's answer.</summary>
    private static KerberosKey ClientKey(TestKdc kdc, ReadOnlyMemory<byte> answer)
    {
        var reply = KerberosAsn.ReadApplication(Unframe(answer), 15);
        reply.ReadField(0);
        reply.ReadField(1);
        var (_, _, cipher) = EncryptedData.Read(reply.ReadField(2));
        var part = KerberosAsn.ReadApplication(kdc.SessionKey.Decrypt(KeyUsage.ApReply, cipher.Span)!, 27);
        Assert.Equal(kdc.ClientTime, part.ReadField(0).ReadGeneralizedTime());
        Assert.Equal(7, part.ReadField(1).ReadInt32());
        return part.ReadOptional(2) is { } key ? EncryptionKeyValue.Read(key) : kdc.SubKey!;
    }

    [Fact]
    public async Task A_ticket_that_says_only_a_name_is_for_the_account_that_the_directory_of_its_realm_has()
    {
        var source = new FakeDirectory { DnsName = TestKdc.Realm };
        using var directory = Asking(source);
        var token = (await AcceptAsync(new TestKdc(), directory)).Token!;
        Assert.Equal((FakeDirectory.Alice.Sid, "EXAMPLE", "alice"), (token.User, token.Domain, token.Identity.UserName));
        Assert.True(token.Authorization.Contains(FakeDirectory.Staff.Sid));
        Assert.True(token.Authorization.Contains(WellKnownSids.Users));
        Assert.False(token.Authorization.Contains(FakeDirectory.Deny.Sid));
        Assert.True(token.Identity.IsInGroup(FakeDirectory.Staff.Sid.ToString()));
        Assert.False(token.IsSidFromName);

        // A group of that name is nobody who logs on, and a user of the host's own comes first.
        token = (await AcceptAsync(new TestKdc { Client = ["staff"] }, directory)).Token!;
        Assert.True(token.IsSidFromName);
        _users.Add("alice", "password", ["own"]);
        token = (await AcceptAsync(new TestKdc(), directory)).Token!;
        Assert.True(token.IsSidFromName && token.Identity.IsInGroup("own"));
    }

    [Fact]
    public async Task A_directory_of_another_realm_does_not_say_who_a_principal_is()
    {
        using var directory = Asking(new FakeDirectory { DnsName = "other.example" });
        var token = (await AcceptAsync(new TestKdc(), directory)).Token!;
        Assert.True(token.IsSidFromName);
        Assert.Equal(TestKdc.Realm, token.Domain);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task While_the_directory_does_not_answer_nobody_is_let_in_as_somebody_else(bool hangs)
    {
        var never = new TaskCompletionSource();
        using var directory = Asking(new FakeDirectory { DnsName = TestKdc.Realm, Fails = !hangs, Answer = hangs ? never.Task : null });
        var logons = Enumerable.Range(0, 50).Select(_ => AcceptAsync(new TestKdc(), directory)).ToArray();

        // They wait without a thread: others run meanwhile, and all have an answer in the time that one takes.
        Assert.True(await Task.Run(() => true));
        var steps = await Task.WhenAll(logons).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.All(steps, step => Assert.Equal((AuthenticationFailure.NoLogonServer, "alice"), (step.Failure, step.Claimed!.UserName)));
        never.SetResult();
    }

    [Fact]
    public async Task A_log_can_say_which_service_a_client_wanted_and_whose_ticket_was_refused()
    {
        var kdc = new TestKdc();
        using var context = Mechanism(kdc).Begin(null);
        Assert.Null(context.Service);
        await context.AcceptAsync(kdc.Token(), default);
        Assert.Equal("cifs/files.test.example@TEST.EXAMPLE", context.Service);

        kdc.Ends = TestKdc.Now;
        using var late = Mechanism(kdc).Begin(null);
        var step = await late.AcceptAsync(kdc.Token(), default);
        Assert.Equal(("cifs/files.test.example@TEST.EXAMPLE", "alice", TestKdc.Realm), (late.Service, step.Claimed!.UserName, step.Claimed.DomainName));
    }

    private static DirectoryAccounts Asking(FakeDirectory source) =>
        new(source, new SmbDirectoryOptions { Timeout = TimeSpan.FromMilliseconds(200), Pause = TimeSpan.Zero }, TimeProvider.System, _ => { });

    private async Task<GssStep> AcceptAsync(TestKdc kdc, DirectoryAccounts directory)
    {
        using var context = Mechanism(kdc, directory: directory).Begin(null);
        return await context.AcceptAsync(kdc.Token(), default);
    }

    private KerberosMechanism Mechanism(TestKdc kdc, bool allowRc4 = false, DirectoryAccounts? directory = null)
    {
        var keytab = new Keytab([new KeytabEntry(TestKdc.Realm, new PrincipalName(2, ["cifs", "files.test.example"]), 2, kdc.ServiceKey)]);
        var tickets = new TicketReader(() => new(keytab), new KerberosSettings { AllowRc4 = allowRc4 }, new FixedTime());
        return new KerberosMechanism(tickets, new TicketAccounts(_users, new AccountDirectory("FILES", _users), directory));
    }

    private sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => TestKdc.Now;
    }
}
