using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication;

public class LogonThrottleTests
{
    private static readonly ClientNetwork Here = NetworkOf("192.0.2.1");
    private static readonly ClientNetwork There = NetworkOf("192.0.2.2");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task TheDelayDoublesUpToItsMaximum()
    {
        var throttle = Throttle(new() { FirstDelay = TimeSpan.FromMilliseconds(100), MaximumDelay = TimeSpan.FromMilliseconds(500) });
        var delays = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            delays.Add((await FailAsync(throttle, Here, "a")).TotalMilliseconds);
        }

        Assert.Equal([100, 200, 400, 500, 500], delays);
    }

    [Fact]
    public async Task AnAddressIsRefusedAfterItsLimitWhoeverItNames()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 3 });
        for (var i = 0; i < 3; i++)
        {
            Assert.True(throttle.Admits(Here, out _));
            await FailAsync(throttle, Here, $"user{i}");
        }

        Assert.False(throttle.Admits(Here, out var until));
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromMinutes(5), until);
        Assert.True(await IsRefusedAsync(throttle, Here, "another"));
        Assert.True(throttle.Admits(There, out _));
        Assert.False(await IsRefusedAsync(throttle, There, "another"));
    }

    [Fact]
    public async Task TriesThatAreUnderWayCountUntilTheyAreKnown()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 3 });
        var judging = new List<LogonAttempt>();
        var waiting = new List<Task<LogonAttempt>>();
        for (var i = 0; i < 300; i++)
        {
            var entering = throttle.EnterAsync(Here, "alice", "", default).AsTask();
            if (entering.IsCompleted)
            {
                judging.Add(await entering);
            }
            else
            {
                waiting.Add(entering);
            }
        }

        Assert.Equal((3, 297), (judging.Count, waiting.Count));
        foreach (var attempt in judging)
        {
            Assert.False(attempt.IsRefused);
            attempt.Fail();
            attempt.Dispose();
        }

        Assert.All(await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(20)), attempt => Assert.True(attempt.IsRefused));
    }

    [Fact]
    public async Task WhoWaitsForATurnGetsItWhenTheOthersWereRight()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1 });
        var first = await throttle.EnterAsync(Here, "alice", "", default);
        using var gone = new CancellationTokenSource();
        var leaves = throttle.EnterAsync(Here, "carol", "", gone.Token).AsTask();
        var waits = throttle.EnterAsync(Here, "bob", "", default).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        Assert.False(waits.IsCompleted);
        first.Succeed();
        first.Dispose();
        using var second = await waits.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.False(second.IsRefused);
    }

    [Fact]
    public async Task ANameIsSlowedAndNeverRefused()
    {
        var throttle = Throttle(new() { FailuresPerUser = 5, FailuresPerAddress = 1, MaximumDelay = TimeSpan.FromSeconds(4) });
        for (var i = 0; i < 500; i++)
        {
            await FailAsync(throttle, NetworkOf($"10.0.{i / 250}.{i % 250}"), i % 2 == 0 ? "alice" : "ALICE");
        }

        using var attempt = await throttle.EnterAsync(There, "Alice", "", default);
        Assert.False(attempt.IsRefused);
        var slow = throttle.SlowAsync(attempt, default);
        _time.Advance(TimeSpan.FromSeconds(3.9));
        Assert.False(slow.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));
        await slow.WaitAsync(TimeSpan.FromSeconds(20));

        using var other = await throttle.EnterAsync(NetworkOf("192.0.2.3"), "bob", "", default);
        Assert.Equal(TimeSpan.Zero, other.Wait);
    }

    [Fact]
    public async Task StrangersDoNotTouchANameWhereItHasLoggedOnBefore()
    {
        var throttle = Throttle(new() { FailuresPerUser = 2, FailuresPerAddress = 3 });
        await SucceedAsync(throttle, Here, "alice");
        for (var i = 0; i < 10; i++)
        {
            await FailAsync(throttle, NetworkOf($"10.0.0.{i}"), "alice");
        }

        // Not even those who sit behind the same address.
        for (var i = 0; i < 3; i++)
        {
            await FailAsync(throttle, Here, "mallory");
        }

        Assert.True(await IsRefusedAsync(throttle, Here, "mallory"));
        Assert.True(throttle.Admits(Here, out _));
        using var attempt = await throttle.EnterAsync(Here, "ALICE", "", default);
        Assert.False(attempt.IsRefused);
        Assert.Equal(TimeSpan.Zero, attempt.Wait);

        using var elsewhere = await throttle.EnterAsync(There, "alice", "", default);
        Assert.NotEqual(TimeSpan.Zero, elsewhere.Wait);
    }

    [Fact]
    public async Task ANameIsRefusedWhereItHasLoggedOnBeforeOnlyForItsOwnFailures()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 3 });
        await SucceedAsync(throttle, Here, "alice");
        for (var i = 0; i < 3; i++)
        {
            Assert.False(await IsRefusedAsync(throttle, Here, "alice"));
            await FailAsync(throttle, Here, "alice");
        }

        Assert.True(await IsRefusedAsync(throttle, Here, "alice"));
        Assert.True(await IsRefusedAsync(throttle, Here, "bob"));
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.False(await IsRefusedAsync(throttle, Here, "alice"));
    }

    [Fact]
    public async Task AUserOfTheSameNameInAnotherDomainMakesNothingFamiliar()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1 });
        await SucceedAsync(throttle, Here, "alice", "EVIL");
        await FailAsync(throttle, Here, "x");
        using var attempt = await throttle.EnterAsync(Here, "alice", "GOOD", default);
        Assert.True(attempt.IsRefused);
    }

    [Fact]
    public async Task ASuccessForgetsNothingOfTheAddress()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 3 });
        await FailAsync(throttle, Here, "a");
        await FailAsync(throttle, Here, "a");
        await SucceedAsync(throttle, Here, "mallory");
        await FailAsync(throttle, Here, "a");
        Assert.True(await IsRefusedAsync(throttle, Here, "a"));
    }

    [Fact]
    public async Task TheWindowForgets()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1, Window = TimeSpan.FromMinutes(1) });
        await FailAsync(throttle, Here, "a");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.True(await IsRefusedAsync(throttle, Here, "a"));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(throttle.Admits(Here, out _));
        Assert.Equal(0, throttle.Count);
    }

    [Fact]
    public async Task ARefusedTryIsNoFailure()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1, Window = TimeSpan.FromMinutes(1) });
        await FailAsync(throttle, Here, "a");
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.True(await IsRefusedAsync(throttle, Here, "a"));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.False(await IsRefusedAsync(throttle, Here, "a"));
    }

    [Fact]
    public async Task TheTablesAreBoundedAndACrowdMakesNobodyForgotten()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 2, FailuresPerUser = 2, MaximumEntries = 10 });
        await FailAsync(throttle, Here, "victim");
        await FailAsync(throttle, Here, "victim");
        for (var i = 0; i < 1000; i++)
        {
            await FailAsync(throttle, NetworkOf($"10.0.{i / 250}.{i % 250}"), $"user{i}");
        }

        Assert.Equal(20, throttle.Count);
        Assert.True(await IsRefusedAsync(throttle, Here, "victim"));
        using var attempt = await throttle.EnterAsync(There, "victim", "", default);
        Assert.NotEqual(TimeSpan.Zero, attempt.Wait);
    }

    [Fact]
    public async Task WhoHasAnAccountCannotMakeOthersNetworksForgotten()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1, MaximumEntries = 3 });
        await SucceedAsync(throttle, Here, "alice");
        for (var i = 0; i < 1000; i++)
        {
            await SucceedAsync(throttle, NetworkOf($"10.0.{i / 250}.{i % 250}"), "mallory", $"D{i}");
        }

        await FailAsync(throttle, Here, "x");
        Assert.False(await IsRefusedAsync(throttle, Here, "alice"));
    }

    [Fact]
    public async Task AnIPv6NetworkCountsAsOneAddress()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1 });
        await FailAsync(throttle, NetworkOf("2001:db8::1"), "a");
        Assert.True(await IsRefusedAsync(throttle, NetworkOf("2001:db8::ffff:2"), "a"));
        Assert.False(await IsRefusedAsync(throttle, NetworkOf("2001:db8:0:1::1"), "a"));
        await FailAsync(throttle, NetworkOf("::ffff:192.0.2.1"), "a");
        Assert.True(await IsRefusedAsync(throttle, Here, "a"));
    }

    [Fact]
    public async Task NothingIsLeftOfTriesThatWereRight()
    {
        var throttle = Throttle(new());
        await SucceedAsync(throttle, Here, "alice");
        (await throttle.EnterAsync(There, "bob", "", default)).Dispose();
        Assert.Equal(0, throttle.Count);
    }

    private static ClientNetwork NetworkOf(string address) => ClientNetwork.Of(IPAddress.Parse(address));

    private static async Task<TimeSpan> FailAsync(LogonThrottle throttle, ClientNetwork network, string name)
    {
        using var attempt = await throttle.EnterAsync(network, name, "", default);
        Assert.False(attempt.IsRefused);
        attempt.Fail();
        return attempt.Delay;
    }

    private static async Task SucceedAsync(LogonThrottle throttle, ClientNetwork network, string name, string domain = "")
    {
        using var attempt = await throttle.EnterAsync(network, name, domain, default);
        Assert.False(attempt.IsRefused);
        attempt.Succeed();
    }

    private static async Task<bool> IsRefusedAsync(LogonThrottle throttle, ClientNetwork network, string name)
    {
        using var attempt = await throttle.EnterAsync(network, name, "", default);
        return attempt.IsRefused;
    }

    private LogonThrottle Throttle(LogonThrottleOptions options) => new(options, _time);
}
