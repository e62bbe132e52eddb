using Smb3.Embedded.State;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A state store whose commits a test holds up, fails and counts.</summary>
internal sealed class TestStateStore : IStateStore
{
    private readonly Lock _sync = new();
    private readonly Dictionary<string, (long Token, Dictionary<string, byte[]> Records)> _scopes = [];

    /// <summary>The batches that were carried out.</summary>
    public List<IReadOnlyList<StateChange>> Batches { get; } = [];

    /// <summary>How many commits have begun.</summary>
    public int Begun { get; private set; }

    /// <summary>Commits wait for it.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>What commits throw.</summary>
    public Exception? Failure { get; set; }

    public ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            var (token, records) = _scopes.GetValueOrDefault(scope, (0, []));
            _scopes[scope] = (++token, records);
            return new(token);
        }
    }

    /// <summary>Whether nothing can be read.</summary>
    public bool Unreadable { get; set; }

    public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
    {
        if (Unreadable)
        {
            throw new IOException("The state cannot be read.");
        }

        lock (_sync)
        {
            return new([.. Records(scope).Select(pair => new StateRecord(pair.Key, pair.Value))]);
        }
    }

    public async ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            Begun++;
        }

        if (Hold is { } hold)
        {
            await hold.Task;
        }

        if (Failure is { } failure)
        {
            throw failure;
        }

        lock (_sync)
        {
            if (_scopes.GetValueOrDefault(scope).Token != token)
            {
                throw new StateFencedException();
            }

            Batches.Add([.. changes]);
            foreach (var (key, value) in changes)
            {
                if (value is { } bytes)
                {
                    Records(scope)[key] = bytes.ToArray();
                }
                else
                {
                    Records(scope).Remove(key);
                }
            }
        }
    }

    public ValueTask DisposeAsync() => default;

    /// <summary>The records of a scope.</summary>
    public Dictionary<string, byte[]> Records(string scope) =>
        _scopes.TryGetValue(scope, out var found) ? found.Records : (_scopes[scope] = (0, [])).Records;
}
