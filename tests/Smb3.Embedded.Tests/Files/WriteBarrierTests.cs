using Smb3.Embedded.Files.Locking;
using Xunit;

namespace Smb3.Embedded.Tests.Files;

public sealed class WriteBarrierTests
{
    private readonly WriteBarrier _barrier = new();

    [Fact]
    public void Nothing_is_waited_for_while_nobody_writes()
    {
        Assert.True(_barrier.WaitAsync().AsTask().IsCompletedSuccessfully);
        _barrier.Exit(_barrier.Enter());
        Assert.True(_barrier.WaitAsync().AsTask().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_wait_ends_with_the_last_of_the_writes_that_were_there()
    {
        var first = _barrier.Enter();
        var second = _barrier.Enter();
        var waiting = _barrier.WaitAsync().AsTask();
        _barrier.Exit(first);
        Assert.False(waiting.IsCompleted);
        _barrier.Exit(second);
        await waiting;
    }

    [Fact]
    public async Task Writes_that_never_cease_do_not_keep_a_wait_from_ending()
    {
        var running = _barrier.Enter();
        var waiting = _barrier.WaitAsync().AsTask();
        for (var i = 0; i < 1_000_000 && !waiting.IsCompleted; i++)
        {
            // There is always one under way.
            var next = _barrier.Enter();
            _barrier.Exit(running);
            running = next;
            if (i % 100 == 0)
            {
                await Task.Yield();
            }
        }

        Assert.True(waiting.IsCompleted);
        _barrier.Exit(running);
        await waiting;
    }

    [Fact]
    public async Task Every_wait_ends_when_many_wait_at_once()
    {
        var write = _barrier.Enter();
        var waiting = Enumerable.Range(0, 10).Select(_ => _barrier.WaitAsync().AsTask()).ToArray();
        Assert.All(waiting, wait => Assert.False(wait.IsCompleted));
        _barrier.Exit(write);
        await Task.WhenAll(waiting);
        Assert.True(_barrier.WaitAsync().AsTask().IsCompletedSuccessfully);
    }
}
