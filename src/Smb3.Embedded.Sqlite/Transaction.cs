using Smb3.Embedded.State;

namespace Smb3.Embedded.Sqlite;

/// <summary>What several callers' batches have in common: one transaction, in which each scope is looked up once.</summary>
internal sealed class Transaction(StateFile file)
{
    private readonly Dictionary<string, (long Id, long Token)> _scopes = new(StringComparer.Ordinal);

    public long Acquire(string scope)
    {
        _scopes.Remove(scope); // its batches later in this transaction need the new token
        return file.Acquire(scope);
    }

    /// <summary>Changes a scope, if the token is its last one.</summary>
    /// <returns>Whether it is. No other process can give a later one before the transaction ends.</returns>
    public bool TryChange(string name, long token, IReadOnlyList<StateChange> changes)
    {
        if (!_scopes.TryGetValue(name, out var scope))
        {
            _scopes.Add(name, scope = file.FindScope(name));
        }

        if (scope.Id == 0 || scope.Token != token)
        {
            return false;
        }

        for (var i = 0; i < changes.Count; i++)
        {
            file.Change(scope.Id, changes[i]);
        }

        return true;
    }
}
