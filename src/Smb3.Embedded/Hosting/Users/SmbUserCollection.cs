using System.Collections;

namespace Smb3.Embedded;

/// <summary>A user as the server keeps it; the password, of which it has the hash, is not among that.</summary>
/// <param name="Name">The name, in the case in which it was given.</param>
/// <param name="Groups">The groups that the user is in.</param>
/// <param name="DisplayName">A name to show, or null.</param>
/// <param name="Disabled">Whether logging on is refused.</param>
public sealed record SmbUserInfo(string Name, IReadOnlyCollection<string> Groups, string? DisplayName, bool Disabled);

/// <summary>
/// The users that the server keeps itself: NT hashes in memory, never passwords. They can be added, changed and removed while it runs
/// and while it is stopped. Safe for concurrent use. Enumerating gives the users as they were when it began, by name.
/// </summary>
public sealed class SmbUserCollection : IReadOnlyCollection<SmbUserInfo>
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

    /// <summary>Whether there is a user of this name; case does not count.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _store.Contains(name);

    /// <summary>
    /// Changes a user who keeps the password. When the groups are others, or the user is disabled, the user's sessions end.
    /// </summary>
    /// <param name="name">The name; case does not count.</param>
    /// <param name="change">Gives what is to be, from what is; the name stays.</param>
    /// <returns>Whether there was such a user.</returns>
    public bool Change(string name, Func<SmbUserInfo, SmbUserInfo> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        return _store.Change(name, user =>
        {
            var changed = change(Describe(user));
            return new SmbUser
            {
                Name = user.Name,
                NtHash = user.NtHash,
                Groups = changed.Groups,
                DisplayName = changed.DisplayName,
                Disabled = changed.Disabled,
            };
        });
    }

    /// <inheritdoc/>
    public IEnumerator<SmbUserInfo> GetEnumerator()
    {
        var users = new List<SmbUserInfo>();
        foreach (var entry in _store.Entries)
        {
            if (entry.TryGetUser(out var user))
            {
                users.Add(Describe(user));
            }
        }

        return users.OrderBy(static user => user.Name, StringComparer.OrdinalIgnoreCase).ToList().GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private static SmbUserInfo Describe(SmbUser user) => new(user.Name, user.Groups, user.DisplayName, user.Disabled);

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
