using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient;
using Smb3.Embedded.TestClient.Authentication;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Session;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

/// <summary>Tries at passwords through every door: each is counted, and what is refused does not tell right from wrong.</summary>
public sealed class ThrottleTests : ProtocolTest
{
    private const int Limit = 4;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly CountingUsers _users = new();

    [Fact]
    public async Task Exchanges_that_were_begun_before_are_not_judged_after_the_limit()
    {
        StartLimited();
        var connections = new List<(SmbTestConnection Connection, ulong SessionId, byte[] Proof)>();
        for (var i = 0; i < 20; i++)
        {
            // The last ones have the right password, and must not be told.
            connections.Add(await BeginAsync(TestServer.Alice, i < 16 ? "wrong" + i : TestServer.Password));
        }

        var statuses = new List<NtStatus>();
        foreach (var (connection, sessionId, proof) in connections)
        {
            statuses.Add((await SetupAsync(connection, sessionId, proof)).Status);
        }

        Assert.All(statuses, status => Assert.Equal(NtStatus.LogonFailure, status));
        Assert.Equal(Limit, _users.Asked);
    }

    [Fact]
    public async Task Exchanges_that_end_at_the_same_time_are_not_judged_beyond_the_limit()
    {
        StartLimited();
        _users.Hold();
        var answers = new List<Task<SmbTestResponse>>();
        for (var i = 0; i < 30; i++)
        {
            var (connection, sessionId, proof) = await BeginAsync(TestServer.Alice, "wrong" + i);
            answers.Add(SetupAsync(connection, sessionId, proof));
        }

        await TestServer.UntilAsync(() => _users.Asked == Limit, "as many are judged as may be");
        await Task.Delay(50);
        Assert.Equal(Limit, _users.Asked);
        _users.Go();
        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal(NtStatus.LogonFailure, answer.Status));
        Assert.Equal(Limit, _users.Asked);
    }

    [Fact]
    public async Task A_stranger_locks_nobody_out_who_comes_from_elsewhere()
    {
        StartLimited();
        for (var i = 0; i < 3 * Limit; i++)
        {
            await TryAsync(IPAddress.Parse($"10.0.0.{i % 5}"), TestServer.Alice, "wrong", NtStatus.LogonFailure);
        }

        await TryAsync(IPAddress.Parse("10.0.0.77"), TestServer.Alice, TestServer.Password, NtStatus.Success);
    }

    [Fact]
    public async Task A_user_goes_on_from_where_the_user_was_whatever_strangers_do_there()
    {
        StartLimited();
        await TryAsync(IPAddress.Loopback, TestServer.Alice, TestServer.Password, NtStatus.Success);
        for (var i = 0; i < Limit; i++)
        {
            await TryAsync(IPAddress.Loopback, TestServer.Bob, "wrong", NtStatus.LogonFailure);
        }

        await TryAsync(IPAddress.Loopback, TestServer.Bob, TestServer.Password, NtStatus.LogonFailure);
        await TryAsync(IPAddress.Loopback, TestServer.Alice, TestServer.Password, NtStatus.Success);
    }

    [Fact]
    public async Task A_wrong_password_a_name_that_nobody_has_and_a_refusal_wait_alike()
    {
        StartLimited(new() { FailuresPerAddress = 3, FirstDelay = TimeSpan.FromSeconds(1), MaximumDelay = TimeSpan.FromSeconds(2) });
        await WaitsAsync("10.0.0.1", TestServer.Alice, "wrong", 1);
        await WaitsAsync("10.0.0.2", "nobody", "wrong", 1);
        await WaitsAsync("10.0.0.1", TestServer.Alice, "wrong", 2);
        await WaitsAsync("10.0.0.2", "nobody", "wrong", 2);

        // Begun in time, refused at the end: the right password and the wrong one get the same answer after the same time.
        var right = await BeginAsync(TestServer.Alice, TestServer.Password, "10.0.0.1");
        var wrong = await BeginAsync(TestServer.Alice, "wrong", "10.0.0.1");
        await WaitsAsync("10.0.0.1", TestServer.Alice, "wrong", 2);
        foreach (var (connection, sessionId, proof) in new[] { right, wrong })
        {
            var answer = SetupAsync(connection, sessionId, proof);
            await WaitsAsync(answer, 2);
        }

        await TryAsync(IPAddress.Parse("10.0.0.1"), TestServer.Alice, TestServer.Password, NtStatus.LogonFailure);
        _time.Advance(TimeSpan.FromMinutes(5));
        await TryAsync(IPAddress.Parse("10.0.0.1"), TestServer.Alice, TestServer.Password, NtStatus.Success);
    }

    [Fact]
    public async Task A_re_authentication_is_counted_and_refused_like_a_logon()
    {
        StartLimited();
        for (var i = 0; i < Limit; i++)
        {
            var session = await Server.LogOnAsync();
            await session.LogOnAsync(Named(TestServer.Bob, "wrong"), expected: NtStatus.LogonFailure);
        }

        var last = await Server.LogOnAsync();
        await last.LogOnAsync(Named(TestServer.Bob, TestServer.Password), expected: NtStatus.LogonFailure);
    }

    [Fact]
    public async Task A_bind_is_counted_and_refused_like_a_logon()
    {
        StartLimited();
        var session = await Server.LogOnAsync();
        for (var i = 0; i < Limit + 1; i++)
        {
            var channel = Server.Connect(new SmbTestClientOptions { ClientGuid = session.Connection.Options.ClientGuid });
            await channel.NegotiateAsync();
            var wrong = i < Limit;
            await session.BindAsync(channel, TestServer.Bob, wrong ? "wrong" : TestServer.Password, NtStatus.LogonFailure);
        }

        Assert.Equal(1 + Limit, _users.Asked);
    }

    [Fact]
    public async Task A_guest_has_failed_at_nothing()
    {
        StartLimited(allowGuest: true);
        for (var i = 0; i < 3 * Limit; i++)
        {
            await TryAsync(IPAddress.Loopback, "stranger" + i, "x", NtStatus.Success);
        }

        await TryAsync(IPAddress.Loopback, TestServer.Alice, TestServer.Password, NtStatus.Success);
    }

    private static NtlmInitiatorOptions Named(string user, string password) => new() { UserName = user, Password = password };

    private static async Task<SmbTestResponse> SetupAsync(SmbTestConnection connection, ulong sessionId, byte[] token) =>
        await connection.CallAsync(new SmbTestRequest
        {
            Command = Smb2Command.SessionSetup,
            Body = RequestBody.SessionSetup(token, SessionSetupRequestFlags.None, Smb2SecurityMode.SigningEnabled, default, 0),
            SessionId = sessionId,
        });

    private void StartLimited(LogonThrottleOptions? throttle = null, bool allowGuest = false)
    {
        throttle ??= new LogonThrottleOptions { FailuresPerAddress = Limit, FailuresPerUser = Limit, FirstDelay = TimeSpan.Zero };
        Start(new TestServerOptions
        {
            Settings = new ServerSettings
            {
                TimeProvider = _time,
                AllowGuest = allowGuest,
                Limits = new ServerLimits { AuthenticationTimeout = TimeSpan.FromHours(1) },
            },
            LogonThrottle = throttle,
            Users = users =>
            {
                _users.Inner = users;
                return _users;
            },
        });
    }

    /// <summary>An exchange that lacks nothing but its last message.</summary>
    private async Task<(SmbTestConnection Connection, ulong SessionId, byte[] Proof)> BeginAsync(
        string user, string password, string from = "127.0.0.1")
    {
        var connection = Server.Connect(from: IPAddress.Parse(from));
        await connection.NegotiateAsync();
        var ntlm = new NtlmInitiator(Named(user, password));
        var first = await SetupAsync(connection, 0, ntlm.Start());
        first.Expect(NtStatus.MoreProcessingRequired);
        return (connection, first.SessionId, ntlm.Next(SessionSetupAnswer.Parse(first.Message).SecurityBuffer));
    }

    private async Task TryAsync(IPAddress from, string user, string password, NtStatus expected)
    {
        await using var connection = Server.Connect(from: from);
        await connection.NegotiateAsync();
        await new SmbTestSession(connection).LogOnAsync(Named(user, password), expected: expected);
    }

    private async Task WaitsAsync(string from, string user, string password, int seconds)
    {
        var (connection, sessionId, proof) = await BeginAsync(user, password, from);
        await WaitsAsync(SetupAsync(connection, sessionId, proof), seconds);
    }

    private async Task WaitsAsync(Task<SmbTestResponse> answer, int seconds)
    {
        var waited = TimeSpan.Zero;
        while (!answer.IsCompleted)
        {
            await Task.WhenAny(answer, Task.Delay(100));
            if (!answer.IsCompleted)
            {
                _time.Advance(TimeSpan.FromSeconds(0.25));
                waited += TimeSpan.FromSeconds(0.25);
                Assert.True(waited < TimeSpan.FromMinutes(1), "No answer.");
            }
        }

        Assert.Equal(NtStatus.LogonFailure, (await answer).Status);
        Assert.Equal(TimeSpan.FromSeconds(seconds), waited);
    }

    private sealed class CountingUsers : ISmbUserStore
    {
        private TaskCompletionSource _go = new();
        private int _asked;

        public CountingUsers() => _go.SetResult();

        public ISmbUserStore? Inner { get; set; }

        public int Asked => Volatile.Read(ref _asked);

        public void Hold() => _go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Go() => _go.SetResult();

        public async ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            await _go.Task.WaitAsync(cancellationToken);
            return await Inner!.FindAsync(userName, domain, cancellationToken);
        }
    }
}
