namespace Smb3.Embedded;

/// <summary>
/// The users that the server keeps itself: NT hashes in memory, never passwords. They can be added, changed and removed while it runs
/// and while it is stopped. Safe for concurrent use.
/// </summary>
public sealed class SmbUserCollection
{
    private readonly InMemoryUserStore _store;
    private readonly Func<string, ValueTask<int>> _endSessions;

    internal SmbUserCollection(InMemoryUserStore store, Func<string, ValueTask<int>> endSessions)
    {
        _store = store;
        _endSessions = endSessions;
    }

    /// <summary>How many there are.</summary>
    public int Count => _store.Count;

    /// <summary>Adds a user, or changes an existing one; when the password or the groups are others, the user's sessions end.</summary>
    /// <param name="name">The name; case does not count.</param>
    /// <param name="password">The password; only its hash is kept.</param>
    /// <param name="groups">The groups that the user is in.</param>
    /// <param name="displayName">A name to show, or null.</param>
    /// <param name="disabled">Whether logging on is refused.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public void Add(
        string name, ReadOnlySpan<char> password, IEnumerable<string>? groups = null, string? displayName = null, bool disabled = false) =>
        _store.Add(name, password, groups, displayName, disabled);

    /// <summary>Adds or changes a user of whom only the NT hash is known.</summary>
    /// <param name="name">The name; case does not count.</param>
    /// <param name="ntHash">16 bytes; copied.</param>
    /// <param name="groups">The groups that the user is in.</param>
    /// <param name="displayName">A name to show, or null.</param>
    /// <param name="disabled">Whether logging on is refused.</param>
    /// <exception cref="ArgumentException">The name is empty or the hash is not 16 bytes.</exception>
    public void AddHash(
        string name, ReadOnlySpan<byte> ntHash, IEnumerable<string>? groups = null, string? displayName = null, bool disabled = false) =>
        _store.AddHash(name, ntHash, groups, displayName, disabled);

    /// <summary>Removes a user, zeroes the hash and ends the user's sessions.</summary>
    /// <param name="name">The name; case does not count.</param>
    /// <returns>Whether there was such a user.</returns>
    public async ValueTask<bool> RemoveAsync(string name)
    {
        if (!_store.Remove(name))
        {
            return false;
        }

        await _endSessions(name).ConfigureAwait(false);
        return true;
    }
}
