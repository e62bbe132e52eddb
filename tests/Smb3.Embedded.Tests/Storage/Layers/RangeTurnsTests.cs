using Smb3.Embedded.Storage.Layers.Encryption;
using Xunit;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>Who waits for whom at the ranges of a file.</summary>
public sealed class RangeTurnsTests
{
    private readonly RangeTurns _turns = new();

    [Fact]
    public void Readers_and_those_who_are_elsewhere_do_not_wait()
    {
        Assert.True(Enter(0, 16, isShared: true).IsCompletedSuccessfully);
        Assert.True(Enter(0, 32, isShared: true).IsCompletedSuccessfully);
        Assert.True(Enter(32, 48, isShared: false).IsCompletedSuccessfully);
        Assert.True(Enter(48, long.MaxValue, isShared: false).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_writer_waits_for_readers_and_later_readers_for_the_writer()
    {
        var reader = await Enter(0, 16, isShared: true);
        var writer = Enter(0, long.MaxValue, isShared: false);
        var later = Enter(0, 16, isShared: true);
        Assert.False(writer.IsCompleted);
        reader.Dispose();
        var turn = await writer;
        Assert.False(later.IsCompleted);
        turn.Dispose();
        (await later).Dispose();
    }

    [Fact]
    public async Task Who_stops_waiting_lets_those_behind_go_on_and_leaves_nothing()
    {
        var held = await Enter(0, 16, isShared: true);
        using var cancellation = new CancellationTokenSource();
        var waiting = _turns.EnterAsync(0, 16, isShared: false, cancellation.Token).AsTask();
        var behind = Enter(0, 16, isShared: true);
        Assert.False(behind.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        (await behind).Dispose();
        held.Dispose();
        Assert.True(Enter(0, long.MaxValue, isShared: false).IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_turn_that_is_at_hand_allocates_nothing()
    {
        (await _turns.EnterAsync(0, 16, isShared: false, default)).Dispose();
        var before = GC.GetAllocatedBytesForCurrentThread();
        (await _turns.EnterAsync(0, 16, isShared: false, default)).Dispose();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private Task<RangeTurns.Turn> Enter(long begin, long end, bool isShared) => _turns.EnterAsync(begin, end, isShared, default).AsTask();
}
