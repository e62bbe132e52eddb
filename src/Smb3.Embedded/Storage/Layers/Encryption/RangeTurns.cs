using System.Runtime.InteropServices;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>
/// Lets callers at ranges of one file: many who read the same, one who changes it. In order of arrival, also where a later one would be in nobody's way,
/// so that nobody waits for ever and a turn costs as much as there are under way. A turn that is available at once allocates nothing.
/// </summary>
internal sealed class RangeTurns
{
    private readonly Lock _sync = new();
    private readonly List<Held> _held = [];
    private readonly LinkedList<Waiter> _waiting = [];
    private long _last;

    /// <summary>Waits for a turn.</summary>
    /// <param name="begin">The first byte.</param>
    /// <param name="end">The first byte behind the range.</param>
    /// <param name="isShared">Whether others who share may have a turn at the same bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public ValueTask<Turn> EnterAsync(long begin, long end, bool isShared, CancellationToken cancellationToken)
    {
        Waiter waiter;
        lock (_sync)
        {
            var wanted = new Held(++_last, begin, end, isShared);
            if (_waiting.Count == 0 && IsFree(wanted))
            {
                _held.Add(wanted);
                return new(new Turn(this, wanted.Number));
            }

            waiter = new Waiter(wanted);
            _waiting.AddLast(waiter.Place);
        }

        return WaitAsync(waiter, cancellationToken);
    }

    private async ValueTask<Turn> WaitAsync(Waiter waiter, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(static (state, token) =>
        {
            var (turns, waiter) = ((RangeTurns, Waiter))state!;
            turns.Cancel(waiter, token);
        }, (this, waiter));
        await waiter.Entered.Task.ConfigureAwait(false);
        return new Turn(this, waiter.Wanted.Number);
    }

    private void Cancel(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            if (waiter.Place.List is null)
            {
                return; // it has its turn
            }

            _waiting.Remove(waiter.Place);
            waiter.Entered.TrySetCanceled(cancellationToken);
            LetIn();
        }
    }

    private void Leave(long number)
    {
        lock (_sync)
        {
            var place = 0;
            while (_held[place].Number != number)
            {
                place++;
            }

            _held.RemoveAt(place);
            LetIn();
        }
    }

    private void LetIn()
    {
        while (_waiting.First is { Value: var waiter } && IsFree(waiter.Wanted))
        {
            _waiting.RemoveFirst();
            _held.Add(waiter.Wanted);
            waiter.Entered.TrySetResult();
        }
    }

    private bool IsFree(in Held wanted)
    {
        foreach (ref readonly var held in CollectionsMarshal.AsSpan(_held))
        {
            if (held.Begin < wanted.End && wanted.Begin < held.End && !(held.IsShared && wanted.IsShared))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>A turn; disposing it, once, lets the next ones in.</summary>
    internal readonly struct Turn(RangeTurns turns, long number) : IDisposable
    {
        /// <inheritdoc/>
        public void Dispose() => turns.Leave(number);
    }

    private readonly record struct Held(long Number, long Begin, long End, bool IsShared);

    private sealed class Waiter
    {
        public Waiter(Held wanted)
        {
            Wanted = wanted;
            Place = new LinkedListNode<Waiter>(this);
        }

        public Held Wanted { get; }

        public LinkedListNode<Waiter> Place { get; }

        public TaskCompletionSource Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
