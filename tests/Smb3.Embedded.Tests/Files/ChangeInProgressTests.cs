using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Tests.Files.Caching;
using Smb3.Embedded.Tests.Protocol;
using Xunit;
using static Smb3.Embedded.Tests.Files.TestVolume;

namespace Smb3.Embedded.Tests.Files;

/// <summary>What others may do, and are told, while a write is on its way into a store that takes its time.</summary>
public class ChangeInProgressTests
{
    private readonly StoreFaults _store = new();
    private readonly TestVolume _volume;

    public ChangeInProgressTests() => _volume = new TestVolume(store => new FaultyStore(store, _store));

    [Fact]
    public async Task A_cache_that_is_granted_during_a_write_is_broken_when_the_write_is_done()
    {
        var client = new CachingClient(_volume);
        var writer = await _volume.OpenAsync("f");
        await WriteAsync(writer, 0, 1);
        _store.WriteGate.Close();
        var writing = WriteAsync(writer, 0, 2);
        var reader = await client.LeaseAsync(1, CachingClient.R);
        var buffer = new byte[1];
        await reader.ReadAsync(0, buffer, 0, default);
        Assert.Equal([1], buffer); // and that is what the client caches
        Assert.Equal(CacheState.Read, reader.Grant!.State);
        Assert.Empty(client.TakeBreaks());
        _store.WriteGate.Open();
        Assert.Equal(NtStatus.Success, await writing);
        Assert.Equal(CacheState.None, client.TakeBreak().To);
        await reader.CloseAsync();
        await writer.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_close_keeps_its_locks_until_its_last_write_is_done()
    {
        var first = await _volume.OpenAsync("f");
        var second = await _volume.OpenAsync("f");
        LockRequest[] request = [new(new ByteRange(0, 10), true)];
        Assert.Equal(NtStatus.Success, await first.LockAsync(request, failImmediately: true, default));
        _store.WriteGate.Close();
        var writing = WriteAsync(first, 0, 1);
        var waiting = second.LockAsync(request, failImmediately: false, default).AsTask();
        var closing = first.CloseAsync().AsTask();

        // Who has the lock must not see a write of somebody else come in.
        Assert.Equal(NtStatus.LockNotGranted, await second.LockAsync(request, failImmediately: true, default));
        Assert.False(waiting.IsCompleted);
        _store.WriteGate.Open();
        Assert.Equal(NtStatus.Success, await writing);
        await closing;
        Assert.Equal(NtStatus.Success, await waiting);
        await second.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_close_ends_what_waits_for_a_lock_though_a_write_is_still_under_way()
    {
        var holder = await _volume.OpenAsync("f");
        var closed = await _volume.OpenAsync("f");
        LockRequest[] request = [new(new ByteRange(0, 10), true)];
        await holder.LockAsync(request, failImmediately: true, default);
        _store.WriteGate.Close();
        var writing = WriteAsync(closed, 100, 1);
        var waiting = closed.LockAsync(request, failImmediately: false, default).AsTask();
        var closing = closed.CloseAsync().AsTask();
        Assert.Equal(NtStatus.RangeNotLocked, await waiting);
        Assert.False(closing.IsCompleted);
        _store.WriteGate.Open();
        Assert.Equal(NtStatus.Success, await writing);
        await closing;
        await holder.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task A_lock_is_granted_when_the_write_has_ended_that_was_let_through_before_it()
    {
        var writer = await _volume.OpenAsync("f");
        var locker = await _volume.OpenAsync("f");
        _store.WriteGate.Close();
        var writing = WriteAsync(writer, 0, 1);
        var locking = locker.LockAsync(new LockRequest[] { new(new ByteRange(0, 1), true) }, failImmediately: true, default).AsTask();
        Assert.False(locking.IsCompleted);
        Assert.Equal(NtStatus.FileLockConflict, await WriteAsync(writer, 0, 2)); // but it is there
        _store.WriteGate.Open();
        Assert.Equal(NtStatus.Success, await locking);
        Assert.Equal(NtStatus.Success, await writing);
        await writer.CloseAsync();
        await locker.CloseAsync();
        _volume.AssertEmpty();
    }

    [Fact]
    public async Task Who_takes_up_an_open_waits_for_what_still_runs_on_it()
    {
        var open = await _volume.OpenAsync("f");
        Assert.True(open.WhenIdleAsync().AsTask().IsCompletedSuccessfully);
        _store.WriteGate.Close();
        var writing = WriteAsync(open, 0, 1);
        var idle = open.WhenIdleAsync().AsTask();
        Assert.False(idle.IsCompleted);
        _store.WriteGate.Open();
        Assert.Equal(NtStatus.Success, await writing);
        await idle;
        Assert.True(open.WhenIdleAsync().AsTask().IsCompletedSuccessfully);
        await open.CloseAsync();
    }
}
