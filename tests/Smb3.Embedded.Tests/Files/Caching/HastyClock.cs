using Microsoft.Extensions.Time.Testing;

namespace Smb3.Embedded.Tests.Files.Caching;

/// <summary>A clock whose timers are early by a little, as the runtime's are: those count coarser than the clock does.</summary>
internal sealed class HastyClock(TimeSpan early) : FakeTimeProvider
{
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new HastyTimer(base.CreateTimer(callback, state, Hasten(dueTime), period), this);

    private TimeSpan Hasten(TimeSpan time) => time > early ? time - early : time;

    private sealed class HastyTimer(ITimer timer, HastyClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(clock.Hasten(dueTime), period);

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
