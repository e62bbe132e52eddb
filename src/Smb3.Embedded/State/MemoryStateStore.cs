namespace Smb3.Embedded.State;

/// <summary>
/// Keeps state in memory: for tests, and for what is to outlive a server but not its process. Give it to the next server as it is; what is in
/// it goes when it is disposed.
/// </summary>
public sealed class MemoryStateStore : IStateStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Scope> _scopes = new(StringComparer.Ordinal);
    private bool _disposed;

    /// <inheritdoc/>
    public ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<long>(cancellationToken) : new(Acquire(scope));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        return cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<IReadOnlyList<StateRecord>>(cancellationToken) : new(Read(scope));
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope, changes);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled(cancellationToken)
            : Commit(scope, token, changes) ? ValueTask.CompletedTask
            : ValueTask.FromException(new StateFencedException($"The state of '{scope}' was taken over by another holder."));
    }

    /// <summary>Forgets everything.</summary>
    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
            _scopes.Clear();
        }

        return ValueTask.CompletedTask;
    }

    private long Acquire(string name)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_scopes.TryGetValue(name, out var scope))
            {
                _scopes.Add(name, scope = new Scope());
            }

            return ++scope.Token;
        }
    }

    private IReadOnlyList<StateRecord> Read(string name)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _scopes.TryGetValue(name, out var scope)
                ? [.. scope.Records.Select(static record => new StateRecord(record.Key, record.Value))] : [];
        }
    }

    private bool Commit(string name, long token, IReadOnlyList<StateChange> changes)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_scopes.TryGetValue(name, out var scope) || scope.Token != token)
            {
                return false;
            }

            for (var i = 0; i < changes.Count; i++)
            {
                if (changes[i].Value is { } value)
                {
                    scope.Records[changes[i].Key] = value.ToArray();
                }
                else
                {
                    scope.Records.Remove(changes[i].Key);
                }
            }

            return true;
        }
    }

    private sealed class Scope
    {
        public long Token { get; set; }

        public Dictionary<string, byte[]> Records { get; } = new(StringComparer.Ordinal);
    }
}
