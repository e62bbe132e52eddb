using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Files.Fencing;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A lease runs out by the clock, and once it has it stays so.</summary>
public sealed class OwnerLeaseTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void It_runs_out_by_the_clock_and_puts_the_fence_up()
    {
        var lease = NewLease(TimeSpan.FromSeconds(10));
        var fence = new StoreFence(lease);
        _clock.Advance(TimeSpan.FromSeconds(10) - TimeSpan.FromTicks(1));
        Assert.False(lease.HasRunOut);
        Assert.False(fence.IsUp);
        Assert.Equal(TimeSpan.FromTicks(1), lease.Remaining);
        _clock.Advance(TimeSpan.FromTicks(1));
        Assert.True(fence.IsUp);
        Assert.Equal(TimeSpan.Zero, lease.Remaining);
    }

    [Fact]
    public void It_is_extended_while_it_lasts_and_never_shortened()
    {
        var lease = NewLease(TimeSpan.FromSeconds(10));
        Assert.True(lease.TryExtend(In(TimeSpan.FromSeconds(20))));
        Assert.True(lease.TryExtend(In(TimeSpan.FromSeconds(5))));
        _clock.Advance(TimeSpan.FromSeconds(19));
        Assert.False(lease.HasRunOut);
    }

    [Fact]
    public void What_has_run_out_is_not_extended_whether_or_not_anybody_has_looked()
    {
        foreach (var looks in new[] { true, false })
        {
            var lease = NewLease(TimeSpan.FromSeconds(10));
            _clock.Advance(TimeSpan.FromSeconds(11));
            Assert.True(!looks || lease.HasRunOut);
            Assert.False(lease.TryExtend(In(TimeSpan.FromSeconds(100))));
            Assert.True(lease.HasRunOut);
        }
    }

    [Fact]
    public void It_can_be_ended_before_its_time()
    {
        var lease = NewLease(TimeSpan.FromSeconds(10));
        lease.End();
        Assert.True(lease.HasRunOut);
        Assert.False(lease.TryExtend(In(TimeSpan.FromSeconds(100))));
    }

    [Fact]
    public async Task Nobody_is_told_that_it_has_run_out_and_later_that_it_has_not()
    {
        var time = TimeProvider.System;
        for (var i = 0; i < 200; i++)
        {
            var lease = new OwnerLease(time, time.GetTimestamp() + (time.TimestampFrequency / 20_000));
            using var together = new Barrier(2);
            var extending = Task.Run(() =>
            {
                together.SignalAndWait();
                while (lease.TryExtend(time.GetTimestamp() + (time.TimestampFrequency / 20_000)))
                {
                }
            });
            var looking = Task.Run(() =>
            {
                together.SignalAndWait();
                while (!lease.HasRunOut)
                {
                    if (extending.IsCompleted)
                    {
                        break;
                    }
                }

                return lease.HasRunOut && lease.TryExtend(long.MaxValue);
            });
            Assert.False(await looking);
            await extending;
            Assert.True(lease.HasRunOut);
        }
    }

    private OwnerLease NewLease(TimeSpan time) => new(_clock, In(time));

    private long In(TimeSpan time) => _clock.GetTimestamp() + (long)(time.TotalSeconds * _clock.TimestampFrequency);
}
