using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.ObjectServices;

/// <summary>Asks for what listings do not tell of their entries: of so many at a time, of all clients together.</summary>
internal sealed class ObjectLooks(int parallel) : IDisposable
{
    private readonly SemaphoreSlim _slots = new(parallel);

    public void Dispose() => _slots.Dispose();

    /// <summary>Completes the entries.</summary>
    /// <param name="entries">What the listing told.</param>
    /// <param name="known">An entry without a request; null where one is needed.</param>
    /// <param name="look">An entry by a request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task CompleteAsync(
        ObjectEntry[] entries,
        Func<ObjectEntry, ObjectEntry?> known,
        Func<ObjectEntry, CancellationToken, Task<ObjectEntry>> look,
        CancellationToken cancellationToken) => Parallel.ForAsync(
        0,
        entries.Length,
        new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellationToken },
        async (i, token) =>
        {
            if (known(entries[i]) is { } entry)
            {
                entries[i] = entry;
                return;
            }

            await _slots.WaitAsync(token).ConfigureAwait(false);
            try
            {
                entries[i] = await look(entries[i], token).ConfigureAwait(false);
            }
            finally
            {
                _slots.Release();
            }
        });
}
