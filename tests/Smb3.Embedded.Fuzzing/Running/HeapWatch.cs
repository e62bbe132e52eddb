namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>What the process holds when no client is there must not grow with the messages that have come.</summary>
internal sealed class HeapWatch(EndedObjects ended)
{
    /// <summary>The pools of the runtime come and go with tens of megabytes; small leaks are <see cref="EndedObjects"/>' to find.</summary>
    private const long Allowed = 128 << 20;
    private const int Between = 20_000;
    private const int WarmUp = 100_000;

    private long _next = Between;
    private long _first;
    private long _last;

    /// <summary>What is wrong, if anything.</summary>
    public string? Look(long messages)
    {
        if (messages < _next)
        {
            return null;
        }

        _next = messages + Between;
        for (var i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        _last = GC.GetTotalMemory(forceFullCollection: true);
        if (_first == 0 && messages >= WarmUp)
        {
            _first = _last;
        }

        return _first != 0 && _last - _first > Allowed
            ? $"the heap grew from {_first >> 10} KiB to {_last >> 10} KiB"
            : ended.Look();
    }

    public override string ToString() => $"{_first >> 10} -> {_last >> 10} KiB";
}
