using System.Net;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Linux;
using Smb3.Embedded.Transport.Rdma;
using Smb3.Embedded.Transport.Rdma.Verbs;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma.Verbs;

/// <summary>A connection through a device: whose the memory is at every moment, and how it ends, whatever the device does.</summary>
public sealed class VerbsQueuePairTests : IQueuePairHost
{
    private static readonly RemoteBuffer There = new(0x1000, 7, 4096);

    private readonly FakeTimeProvider _time = new();
    private readonly FakeDomain _domain = new();
    private readonly List<string> _refused = [];
    private readonly ReadinessQueue? _queue = OperatingSystem.IsLinux() ? new ReadinessQueue() : null;
    private int _released;

    QueueSizes IQueuePairHost.Sizes => new(4, 3);

    ReadinessQueue IQueuePairHost.Queue => _queue!;

    TimeProvider IQueuePairHost.Time => _time;

    public void Dispose()
    {
        // Called by each connection, and by xunit.
        if (_released++ == 1)
        {
            _queue?.Dispose();
        }
    }

    void IQueuePairHost.Remove(CmId id)
    {
    }

    void IQueuePairHost.Refused(RdmaException why, EndPoint remote) => _refused.Add(why.Message);

    [Fact]
    public Task A_buffer_is_given_back_when_its_SEND_has_left() => RunAsync(new FakeNativeQueuePair { Flushes = true }, async (pair, native) =>
    {
        var buffer = pair.Rent(100);
        Assert.True(await pair.SendAsync(buffer, 100, null));
        Assert.True(IsRented(buffer));
        native.CompleteNext();
        await UntilAsync(() => !IsRented(buffer));
    });

    [Fact]
    public Task A_SEND_waits_for_room_in_the_queue() => RunAsync(new FakeNativeQueuePair { Flushes = true }, async (pair, native) =>
    {
        for (var i = 0; i < 3; i++)
        {
            Assert.True(await pair.SendAsync(pair.Rent(100), 100, null));
        }

        var waiting = pair.SendAsync(pair.Rent(100), 100, null).AsTask();
        Assert.False(waiting.IsCompleted);
        native.CompleteNext();
        Assert.True(await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
    });

    [Fact]
    public Task The_end_lets_posted_SENDs_leave() => RunAsync(new FakeNativeQueuePair { Flushes = true }, async (pair, native) =>
    {
        await pair.SendAsync(pair.Rent(100), 100, null);
        await pair.SendAsync(pair.Rent(100), 100, null);
        pair.Disconnect();
        Assert.False(await pair.SendAsync(pair.Rent(100), 100, null));
        Assert.False(pair.TryPostReceive(pair.Rent(100)));
        Assert.Null(await ReceiveAsync(pair));
        native.CompleteNext();
        Assert.False(native.IsDisconnected);
        native.CompleteNext();
        await UntilAsync(() => native.IsDisconnected);
    });

    [Fact]
    public Task But_it_does_not_wait_for_longer_than_a_second() => RunAsync(new FakeNativeQueuePair { Flushes = true }, async (pair, native) =>
    {
        var buffer = pair.Rent(100);
        await pair.SendAsync(buffer, 100, null);
        pair.Disconnect();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(native.IsDisconnected);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(native.IsDisconnected);
        await UntilAsync(() => !IsRented(buffer));
    });

    [Fact]
    public Task What_arrived_before_the_peer_left_is_received() => RunAsync(new FakeNativeQueuePair { Flushes = true }, async (pair, native) =>
    {
        var (first, second) = (pair.Rent(100), pair.Rent(100));
        Assert.True(pair.TryPostReceive(first));
        Assert.True(pair.TryPostReceive(second));
        native.CompleteNext(length: 30);
        pair.PeerLeft();
        var received = await ReceiveAsync(pair);
        Assert.Equal(new ReceivedSend(first, 30), received);
        Assert.Null(await ReceiveAsync(pair));
        Assert.True(IsRented(first));
        Assert.False(IsRented(second));
        first.Dispose();
    });

    [Fact]
    public Task What_is_posted_is_the_devices_until_it_gives_it_back() => RunAsync(new FakeNativeQueuePair(), async (pair, native) =>
    {
        var (receive, target) = (pair.Rent(100), pair.Rent(4096));
        pair.TryPostReceive(receive);
        var reading = pair.ReadAsync(target, 0, There).AsTask();
        var ending = pair.DisposeAsync().AsTask();
        Assert.True(native.IsDisconnected);
        await Task.Delay(50);
        Assert.False(reading.IsCompleted || ending.IsCompleted || native.IsFreed);
        Assert.True(IsRented(receive));
        native.Flush();
        Assert.False(await reading.WaitAsync(TimeSpan.FromSeconds(20)));
        await ending.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(native.IsFreed);
        Assert.False(IsRented(receive));
        Assert.True(IsRented(target));
        target.Dispose();
    });

    [Fact]
    public Task A_device_that_gives_nothing_back_is_freed_before_the_memory_is() => RunAsync(new FakeNativeQueuePair(), async (pair, native) =>
    {
        var (receive, sent, target) = (pair.Rent(100), pair.Rent(100), pair.Rent(4096));
        pair.TryPostReceive(receive);
        await pair.SendAsync(sent, 100, null);
        var reading = pair.ReadAsync(target, 0, There).AsTask();
        var waiting = pair.ReceiveAsync().AsTask();
        pair.PeerLeft();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.1));

        // Whoever receives learns that it is over, although the device never says so.
        Assert.Null(await waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(IsRented(receive) && IsRented(sent));
        await pair.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(native.IsFreed);
        Assert.False(await reading.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.False(IsRented(receive) || IsRented(sent));
        target.Dispose();
    });

    [Fact]
    public Task Memory_is_open_to_a_peer_over_iWARP_only_while_it_is_read_from() => RunAsync(
        new FakeNativeQueuePair { Flushes = true, NeedsSinks = true }, async (pair, native) =>
        {
            using var memory = pair.Rent(4096);
            var writing = pair.WriteAsync(memory, 0, There).AsTask();
            Assert.DoesNotContain(true, _domain.Registered.Values);
            native.CompleteNext();
            Assert.True(await writing.WaitAsync(TimeSpan.FromSeconds(20)));

            var reading = pair.ReadAsync(memory, 0, There).AsTask();
            var sink = Assert.Single(_domain.Registered, registered => registered.Value).Key;
            Assert.Equal((uint)sink, native.LastKey);
            native.CompleteNext();
            Assert.True(await reading.WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.DoesNotContain(true, _domain.Registered.Values);
        });

    [Fact]
    public Task Memory_that_the_system_refuses_ends_the_connection_and_nothing_else() => RunAsync(
        new FakeNativeQueuePair { Flushes = true }, async (pair, native) =>
        {
            _domain.Refuses = true;
            using var buffer = pair.Rent(4096);
            Assert.Equal(4096, buffer.Memory.Length);
            Assert.Contains("ulimit -l", Assert.Single(_refused), StringComparison.Ordinal);
            Assert.True(native.IsDisconnected);
            Assert.False(await pair.SendAsync(buffer, 100, null));
            Assert.False(await pair.ReadAsync(buffer, 0, There));
            Assert.Null(await ReceiveAsync(pair));
        });

    [Fact]
    public Task More_than_the_buffer_holds_is_never_asked_for() => RunAsync(new FakeNativeQueuePair { Flushes = true }, async (pair, _) =>
    {
        using var memory = pair.Rent(4096);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => pair.ReadAsync(memory, 1, There).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(
            () => pair.ReadAsync(memory, 0, There with { Length = uint.MaxValue }).AsTask());
    });

    private static Task<ReceivedSend?> ReceiveAsync(VerbsQueuePair pair) => pair.ReceiveAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));

    private static bool IsRented(RegisteredBuffer buffer)
    {
        try
        {
            return !buffer.Memory.IsEmpty;
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var i = 0; i < 2000 && !condition(); i++)
        {
            await Task.Delay(10);
        }

        Assert.True(condition());
    }

    /// <summary>Every connection ends with its queues freed and no memory left over, whatever the test did.</summary>
    private async Task RunAsync(FakeNativeQueuePair native, Func<VerbsQueuePair, FakeNativeQueuePair, Task> test)
    {
        using var nativeUse = native;
        if (_queue is null)
        {
            return;
        }

        var pair = new VerbsQueuePair(
            default, new IPEndPoint(IPAddress.Loopback, 1), new IPEndPoint(IPAddress.Loopback, 2), native,
            new RegisteredMemory(_domain, _time), this);
        await test(pair, native);
        native.Flushes = true;
        native.Flush();
        await pair.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.True(native.IsFreed);
        Assert.Empty(_domain.Registered);
        Assert.Equal(1, _domain.Freed);
    }
}
