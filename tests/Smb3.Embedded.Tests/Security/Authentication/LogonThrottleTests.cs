using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Security.Authentication;
using Xunit;

namespace Smb3.Embedded.Tests.Security.Authentication;

public class LogonThrottleTests
{
    private static readonly IPAddress Here = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress There = IPAddress.Parse("192.0.2.2");

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TheDelayDoublesUpToItsMaximum()
    {
        var throttle = Throttle(new() { FirstDelay = TimeSpan.FromMilliseconds(100), MaximumDelay = TimeSpan.FromMilliseconds(500) });
        double[] delays = [.. Enumerable.Range(0, 5).Select(_ => throttle.RecordFailure(Here, "a").TotalMilliseconds)];
        Assert.Equal([100, 200, 400, 500, 500], delays);
    }

    [Fact]
    public void AnAddressIsRefusedAfterItsLimitWhoeverItNames()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 3 });
        for (var i = 0; i < 3; i++)
        {
            Assert.True(throttle.Admits(Here, null));
            throttle.RecordFailure(Here, $"user{i}");
        }

        Assert.False(throttle.Admits(Here, "another"));
        Assert.True(throttle.Admits(There, "another"));
    }

    [Fact]
    public void AUserIsRefusedAfterItsLimitFromWhereverItComesAndInWhateverCase()
    {
        var throttle = Throttle(new() { FailuresPerUser = 2 });
        throttle.RecordFailure(Here, "alice");
        throttle.RecordFailure(There, "ALICE");
        Assert.False(throttle.Admits(null, "Alice"));
        Assert.True(throttle.Admits(null, "bob"));
    }

    [Fact]
    public void TheWindowForgets()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1, Window = TimeSpan.FromMinutes(1) });
        throttle.RecordFailure(Here, "a");
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(throttle.Admits(Here, null));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(throttle.Admits(Here, null));
        Assert.Equal(0, throttle.Count);
    }

    [Fact]
    public void ASuccessForgetsTheUserAndNotTheAddress()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 2, FailuresPerUser = 2 });
        throttle.RecordFailure(Here, "a");
        throttle.RecordFailure(Here, "a");
        throttle.RecordSuccess("A");
        Assert.True(throttle.Admits(There, "a"));
        Assert.False(throttle.Admits(Here, "a"));
    }

    [Fact]
    public void TheTableIsBounded()
    {
        var throttle = Throttle(new() { MaximumEntries = 10 });
        for (var i = 0; i < 1000; i++)
        {
            throttle.RecordFailure(Here, $"user{i}");
        }

        Assert.Equal(10, throttle.Count);
    }

    [Fact]
    public void AnIPv6NetworkCountsAsOneAddress()
    {
        var throttle = Throttle(new() { FailuresPerAddress = 1 });
        throttle.RecordFailure(IPAddress.Parse("2001:db8::1"), null);
        Assert.False(throttle.Admits(IPAddress.Parse("2001:db8::ffff:2"), null));
        Assert.True(throttle.Admits(IPAddress.Parse("2001:db8:0:1::1"), null));
        throttle.RecordFailure(IPAddress.Parse("::ffff:192.0.2.1"), null);
        Assert.False(throttle.Admits(Here, null));
    }

    private LogonThrottle Throttle(LogonThrottleOptions options) => new(options, _time);
}
