using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Hosting.Clustering;
using Smb3.Embedded.Transport;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting.Clustering;

/// <summary>Connections are refused for a moment only, and rarely, whatever asks for it.</summary>
public sealed class BriefRefusalTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(0.4);

    private readonly PatientTime _time = new();
    private readonly Door _door;
    private readonly BriefRefusal _refusal;
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromMinutes(1));

    public BriefRefusalTests()
    {
        _door = new Door(_time);
        _refusal = new BriefRefusal(Length, _time, NullLogger.Instance);
        _refusal.Use([_door]);
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _time.DisposeAsync().AsTask();

    public void Dispose() => _patience.Dispose();

    [Fact]
    public async Task A_move_has_connections_refused_until_it_is_over_and_a_moment_longer()
    {
        var isOver = false;
        _refusal.TryBegin(() => Volatile.Read(ref isOver));
        Assert.True(_door.IsShut);
        await Task.Delay(Length * 2, _time);
        Assert.True(_door.IsShut);
        Volatile.Write(ref isOver, true);
        await _door.OpenedAsync();
        Assert.InRange(_door.Spans.Single(), Length * 3, Length * 3 + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_move_that_does_not_get_on_has_connections_refused_for_two_seconds()
    {
        _refusal.TryBegin(static () => false);
        await _door.OpenedAsync();
        Assert.InRange(_door.Spans.Single(), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Many_moves_one_after_the_other_leave_the_port_open_most_of_the_time()
    {
        var began = _time.GetTimestamp();
        while (_time.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
        {
            _refusal.TryBegin(static () => true);
            await Task.Delay(TimeSpan.FromSeconds(0.1), _time);
        }

        await _door.OpenedAsync();
        Assert.InRange(_door.Spans.Count, 3, 9);
        Assert.InRange(_door.Rests.Min(), BriefRefusal.Rest, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task Users_cause_it_rarely_however_many_wait()
    {
        var clients = Enumerable.Range(0, 100).Select(async i =>
        {
            await Task.Delay(TimeSpan.FromSeconds(0.2) * i, _time);
            Assert.True(await _refusal.WaitAsync(_patience.Token));
            Assert.True(_door.IsShut || _door.Spans.Count > 0);
        }).ToList();
        await Task.WhenAll(clients);
        await _door.OpenedAsync();
        Assert.InRange(_door.Spans.Count, 2, 4);
        Assert.InRange(_door.Spans.Max(), Length, Length + TimeSpan.FromSeconds(0.5));
        Assert.InRange(_door.Rests.Min(), BriefRefusal.LongRest, TimeSpan.MaxValue);
    }

    [Fact]
    public async Task A_client_that_waits_goes_with_a_move()
    {
        Assert.True(await _refusal.WaitAsync(_patience.Token));
        await _door.OpenedAsync();
        var waiting = _refusal.WaitAsync(_patience.Token).AsTask();
        await Task.Delay(BriefRefusal.Rest + TimeSpan.FromSeconds(0.5), _time);
        Assert.False(waiting.IsCompleted);
        _refusal.TryBegin(static () => true);
        Assert.True(await waiting);
        Assert.True(_door.IsShut);
        await _door.OpenedAsync();
    }

    [Fact]
    public async Task A_listener_that_cannot_listen_again_is_tried_until_it_can()
    {
        _door.IsStuck = true;
        _refusal.TryBegin(static () => true);
        await Task.Delay(TimeSpan.FromSeconds(3), _time);
        Assert.True(_door.IsShut);
        _door.IsStuck = false;
        await _door.OpenedAsync();
    }

    [Theory]
    [InlineData(false, 0.4)]
    [InlineData(true, 0)]
    public async Task Without_a_listener_that_can_or_when_it_is_not_wanted_nobody_waits(bool hasListener, double length)
    {
        var refusal = new BriefRefusal(TimeSpan.FromSeconds(length), _time, NullLogger.Instance);
        refusal.Use(hasListener ? [_door] : []);
        Assert.False(refusal.IsAvailable);
        refusal.TryBegin(static () => false);
        Assert.False(await refusal.WaitAsync(_patience.Token));
        Assert.False(_door.IsShut);
    }

    [Fact]
    public async Task Who_is_gone_does_not_wait()
    {
        Assert.True(await _refusal.WaitAsync(_patience.Token));
        await _door.OpenedAsync();
        using var gone = new CancellationTokenSource();
        var waiting = _refusal.WaitAsync(gone.Token).AsTask();
        await gone.CancelAsync();
        Assert.False(await waiting);
    }

    private sealed class Door(TimeProvider time) : IRefusal
    {
        private readonly Lock _gate = new();
        private long _changed = time.GetTimestamp();

        public bool IsStuck { get; set; }

        public bool IsShut { get; private set; }

        /// <summary>How long it was shut each time.</summary>
        public List<TimeSpan> Spans { get; } = [];

        /// <summary>How long it was open between.</summary>
        public List<TimeSpan> Rests { get; } = [];

        public bool TryBegin()
        {
            lock (_gate)
            {
                Assert.False(IsShut);
                if (Spans.Count > 0)
                {
                    Rests.Add(time.GetElapsedTime(_changed));
                }

                _changed = time.GetTimestamp();
                IsShut = true;
                return true;
            }
        }

        public bool TryEnd()
        {
            lock (_gate)
            {
                if (IsStuck)
                {
                    return false;
                }

                Spans.Add(time.GetElapsedTime(_changed));
                _changed = time.GetTimestamp();
                IsShut = false;
                return true;
            }
        }

        public async Task OpenedAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
            while (IsShut)
            {
                await Task.Delay(5, patience.Token);
            }
        }
    }
}
