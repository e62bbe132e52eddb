namespace Smb3.Embedded.Security.Directory;

/// <summary>
/// One kind of question to a directory, with its answers. Who asks what is being asked already waits for the same answer. What there is and what
/// there is not is kept apart, so that nobody can displace accounts by asking for ones that do not exist.
/// </summary>
internal sealed class DirectoryLookup<TKey, TValue>(
    DirectoryGate gate,
    SmbDirectoryOptions options,
    TimeProvider time,
    Func<TKey, CancellationToken, ValueTask<TValue?>> ask,
    IEqualityComparer<TKey>? comparer = null)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _lock = new();
    private readonly ExpiringTable<TKey, TValue> _found =
        new(options.MaxEntries, options.KeepFound, time, comparer ?? EqualityComparer<TKey>.Default);

    private readonly ExpiringTable<TKey, bool> _missing =
        new(options.MaxEntries, options.KeepMissing, time, comparer ?? EqualityComparer<TKey>.Default);

    private readonly Dictionary<TKey, Task<DirectoryAnswer<TValue>>> _asked = new(comparer);

    /// <summary>Answers; throws only when <paramref name="cancellationToken"/> ends the wait.</summary>
    public ValueTask<DirectoryAnswer<TValue>> FindAsync(TKey key, CancellationToken cancellationToken)
    {
        Task<DirectoryAnswer<TValue>> asked;
        lock (_lock)
        {
            if (_found.TryGet(key, out var value))
            {
                return new(new DirectoryAnswer<TValue>(true, value));
            }

            if (_missing.TryGet(key, out _))
            {
                return new(new DirectoryAnswer<TValue>(true, null));
            }

            if (!_asked.TryGetValue(key, out asked!))
            {
                var begin = new TaskCompletionSource<DirectoryAnswer<TValue>>(TaskCreationOptions.RunContinuationsAsynchronously);
                asked = begin.Task;
                _asked.Add(key, asked);
                _ = AskAsync(key, begin);
            }
        }

        return new(asked.WaitAsync(cancellationToken));
    }

    /// <summary>Keeps an answer that came another way.</summary>
    public void Keep(TKey key, TValue value)
    {
        lock (_lock)
        {
            _missing.Remove(key);
            _found.Set(key, value);
        }
    }

    private async Task AskAsync(TKey key, TaskCompletionSource<DirectoryAnswer<TValue>> done)
    {
        // Not under the caller's lock.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var answer = await gate.AskAsync(token => ask(key, token)).ConfigureAwait(false);
        lock (_lock)
        {
            _asked.Remove(key);
            if (answer is { IsKnown: true, Value: { } value })
            {
                _found.Set(key, value);
            }
            else if (answer.IsKnown)
            {
                _missing.Set(key, true);
            }
        }

        done.SetResult(answer);
    }
}
