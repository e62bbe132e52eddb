using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>The turns of several mutexes, taken one after the other.</summary>
internal readonly struct SeveralTurns(List<AsyncMutex.Turn> turns) : IDisposable
{
    /// <summary>Waits for all of them. Callers that may meet name them in the same order.</summary>
    public static async ValueTask<SeveralTurns> EnterAsync(IEnumerable<AsyncMutex> mutexes, CancellationToken cancellationToken)
    {
        var turns = new List<AsyncMutex.Turn>();
        try
        {
            foreach (var mutex in mutexes)
            {
                turns.Add(await mutex.EnterAsync(cancellationToken).ConfigureAwait(false));
            }

            return new SeveralTurns(turns);
        }
        catch
        {
            new SeveralTurns(turns).Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turns.ForEach(static turn => turn.Dispose());
}
