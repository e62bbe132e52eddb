using Smb3.Embedded.Dispatch;
using Xunit;

namespace Smb3.Embedded.Tests.Protocol;

public class FlowControlTests
{
    private readonly FlowControl _flow = new(100);

    [Fact]
    public void A_reader_waits_while_there_is_too_much()
    {
        Assert.True(_flow.WaitAsync().AsTask().IsCompleted);
        _flow.AddInput(60);
        _flow.AddOutput(60);
        var waiting = _flow.WaitAsync().AsTask();
        Assert.False(waiting.IsCompleted);
        _flow.RemoveInput(10);
        Assert.False(waiting.IsCompleted);
        _flow.RemoveOutput(10);
        Assert.True(waiting.IsCompleted);
    }

    [Fact]
    public async Task Outputs_get_their_room_in_turn()
    {
        Assert.True(_flow.TryReserve(80));
        Assert.False(_flow.TryReserve(30));
        var first = _flow.ReserveAsync(30);
        var second = _flow.ReserveAsync(5);
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);
        Assert.False(_flow.TryReserve(1));
        _flow.RemoveOutput(80);
        Assert.True(await first);
        Assert.True(await second);
        Assert.Equal(35, _flow.BytesOut);
        Assert.True(_flow.TryReserve(1));
    }

    [Fact]
    public async Task One_output_is_always_possible()
    {
        _flow.AddInput(1000);
        Assert.True(_flow.TryReserve(500));
        var next = _flow.ReserveAsync(500);
        Assert.False(next.IsCompleted);
        _flow.RemoveOutput(500);
        Assert.True(await next);
    }

    [Fact]
    public async Task A_higher_limit_lets_waiters_go()
    {
        Assert.True(_flow.TryReserve(100));
        var next = _flow.ReserveAsync(100);
        Assert.False(next.IsCompleted);
        _flow.SetLimit(200);
        Assert.True(await next);
    }

    [Fact]
    public async Task Nobody_waits_when_the_connection_has_ended()
    {
        _flow.AddOutput(200);
        var output = _flow.ReserveAsync(1);
        var reader = _flow.WaitAsync().AsTask();
        _flow.End();
        Assert.False(await output);
        await reader;
        Assert.False(await _flow.ReserveAsync(1));
        Assert.True(_flow.WaitAsync().AsTask().IsCompleted);
    }
}
