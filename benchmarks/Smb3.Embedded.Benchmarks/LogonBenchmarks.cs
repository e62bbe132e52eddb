using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Smb3.Embedded.Hosting.Users;
using Smb3.Embedded.Security.Authentication.Kerberos;
using Smb3.Embedded.Security.Authentication.Kerberos.Keytabs;
using Smb3.Embedded.Security.Authentication.Kerberos.Messages;
using Smb3.Embedded.Security.Authentication.Ntlm;
using Smb3.Embedded.Security.Authentication.Spnego;
using Smb3.Embedded.TestClient.Authentication;

namespace Smb3.Embedded.Benchmarks;

/// <summary>The server's part of a logon, without the messages that carry it. The client's part of NTLM is in it, and measured by itself.</summary>
[MemoryDiagnoser]
public class LogonBenchmarks
{
    private readonly List<byte[]> _tickets = [];
    private SpnegoAuthenticator _ntlm = null!;
    private KerberosMechanism _kerberos = null!;
    private byte[] _challenge = [];
    private int _next;

    /// <summary>Makes one user, and tickets with a PAC of twenty groups.</summary>
    [GlobalSetup]
    public void Setup()
    {
        var users = new InMemoryUserStore();
        users.Add("alice", "secret");
        var accounts = new AccountDirectory("SERVER", users);
        _ntlm = new SpnegoAuthenticator(
            [
                new NtlmMechanism(
                    new NtlmAuthenticatorOptions
                    {
                        NetBiosComputerName = "SERVER", NetBiosDomainName = "SERVER", DnsComputerName = "server", Random = RandomNumberGenerator.Create(),
                    },
                    users,
                    accounts),
            ],
            accounts);
        using (var exchange = _ntlm.Begin())
        {
            var client = new NtlmInitiator(new NtlmInitiatorOptions { UserName = "alice", Password = "secret" });
            _challenge = exchange.StepAsync(client.Start(), default).AsTask().GetAwaiter().GetResult().ResponseToken.ToArray();
        }

        var kdc = new TestKdc { Starts = DateTimeOffset.UtcNow.AddHours(-1), Ends = DateTimeOffset.UtcNow.AddHours(9), ClientTime = DateTimeOffset.UtcNow };
        kdc.Starts = new DateTimeOffset(kdc.Starts.Ticks - (kdc.Starts.Ticks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        kdc.Pac = kdc.MakePac([.. Enumerable.Range(1100, 20).Select(rid => (uint)rid)]);
        for (var i = 0; i < 2_000; i++)
        {
            _tickets.Add(kdc.Token());
        }

        var keytab = new Keytab([new KeytabEntry(TestKdc.Realm, new PrincipalName(2, kdc.Service), 2, kdc.ServiceKey)]);

        // Few replays are remembered, so that each ticket can be taken again when all others have been.
        var settings = new KerberosSettings { ClockSkew = TimeSpan.FromHours(1), MaxReplaysRemembered = 100 };
        _kerberos = new KerberosMechanism(new TicketReader(() => new(keytab), settings, TimeProvider.System), new TicketAccounts(users, accounts));
    }

    /// <summary>Both messages of NTLM, and the client's work for them.</summary>
    [Benchmark(Baseline = true)]
    public async Task<bool> NtlmWithItsClient()
    {
        var client = new NtlmInitiator(new NtlmInitiatorOptions { UserName = "alice", Password = "secret" });
        using var exchange = _ntlm.Begin();
        var step = await exchange.StepAsync(client.Start(), default).ConfigureAwait(false);
        step = await exchange.StepAsync(client.Next(step.ResponseToken.Span), default).ConfigureAwait(false);
        return step.Token is not null ? true : throw new InvalidOperationException(step.Failure.ToString());
    }

    /// <summary>The client's work alone, to be subtracted.</summary>
    [Benchmark]
    public int NtlmClient()
    {
        var client = new NtlmInitiator(new NtlmInitiatorOptions { UserName = "alice", Password = "secret" });
        return client.Start().Length + client.Next(_challenge).Length;
    }

    /// <summary>The one message of Kerberos.</summary>
    [Benchmark]
    public async Task<bool> Kerberos()
    {
        using var context = _kerberos.Begin(null);
        var step = await context.AcceptAsync(_tickets[_next = (_next + 1) % _tickets.Count], default).ConfigureAwait(false);
        return step.Token is not null ? true : throw new InvalidOperationException(step.Detail ?? step.Failure.ToString());
    }
}
