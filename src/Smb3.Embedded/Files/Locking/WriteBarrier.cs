namespace Smb3.Embedded.Files.Locking;

/// <summary>
/// Lets the taker of a lock wait for writes that were let through before the lock was there; otherwise one of them could still change what
/// the lock protects after it was granted.
/// </summary>
/// <remarks>
/// A write enters before it looks at the locks, and a lock is in its table before its taker looks at the writes: one of the two always sees
/// the other. Writes are counted in one of two phases; a wait begins a new phase and only needs the old one to end, so later writes do not
/// prolong it.
/// </remarks>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The gate never makes a wait handle.")]
internal sealed class WriteBarrier
{
    private readonly SemaphoreSlim _gate = new(1);
    private int _even;
    private int _odd;
    private int _turn;
    private TaskCompletionSource? _ended;

    /// <summary>A write begins. The return value is passed to <see cref="Exit"/>.</summary>
    public int Enter()
    {
        var turn = Volatile.Read(ref _turn) & 1;
        Interlocked.Increment(ref CountOf(turn));
        return turn;
    }

    /// <summary>The write is done, or was refused.</summary>
    public void Exit(int turn)
    {
        if (Interlocked.Decrement(ref CountOf(turn)) == 0)
        {
            Volatile.Read(ref _ended)?.TrySetResult();
        }
    }

    /// <summary>Completes when every write that entered before has ended.</summary>
    public ValueTask WaitAsync()
    {
        Interlocked.MemoryBarrier();
        return Volatile.Read(ref _even) == 0 && Volatile.Read(ref _odd) == 0 ? default : new(WaitForTurnAsync());
    }

    private async Task WaitForTurnAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            // Both phases: the previous one may have writes from before the last wait.
            for (var i = 0; i < 2; i++)
            {
                var old = (Interlocked.Increment(ref _turn) - 1) & 1;
                while (true)
                {
                    var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    Interlocked.Exchange(ref _ended, ended);
                    if (Volatile.Read(ref CountOf(old)) == 0)
                    {
                        break;
                    }

                    await ended.Task.ConfigureAwait(false);
                }
            }
        }
        finally
        {
            Volatile.Write(ref _ended, null);
            _gate.Release();
        }
    }

    private ref int CountOf(int turn) => ref (turn == 0 ? ref _even : ref _odd);
}
