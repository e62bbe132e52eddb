using System.Collections.Concurrent;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded;

/// <summary>
/// Users in memory: their NT hashes, never their passwords. Users may come and go while the server runs; a hash is zeroed when its
/// user is removed or replaced. Safe for concurrent use; names are compared case-insensitively; the domain is ignored.
/// </summary>
public sealed class InMemoryUserStore : ISmbUserStore
{
    private readonly ConcurrentDictionary<string, UserEntry> _users = new(StringComparer.OrdinalIgnoreCase);
    private long _version;

    /// <summary>A user has been replaced by one with another password, other groups or less rights, or is gone.</summary>
    public event Action<SmbUserChange>? Changed;

    /// <summary>How many users there are.</summary>
    public int Count => _users.Count;

    /// <summary>Adds or replaces a user.</summary>
    /// <param name="name">The account's name; not empty.</param>
    /// <param name="password">The password; only its hash is kept.</param>
    /// <param name="groups">The groups that the user is in.</param>
    /// <param name="displayName">A name to show, or null.</param>
    /// <param name="disabled">Whether logging on is refused.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public void Add(
        string name, ReadOnlySpan<char> password, IEnumerable<string>? groups = null, string? displayName = null, bool disabled = false)
    {
        Span<byte> hash = stackalloc byte[SmbUser.NtHashSize];
        SmbUser.ComputeNtHash(password, hash);
        AddHash(name, hash, groups, displayName, disabled);
        CryptographicOperations.ZeroMemory(hash);
    }

    /// <summary>Adds or replaces a user by the NT hash of the password.</summary>
    /// <param name="name">The account's name; not empty.</param>
    /// <param name="ntHash">16 bytes; copied.</param>
    /// <param name="groups">The groups that the user is in.</param>
    /// <param name="displayName">A name to show, or null.</param>
    /// <param name="disabled">Whether logging on is refused.</param>
    /// <exception cref="ArgumentException">The name is empty or the hash is not 16 bytes.</exception>
    public void AddHash(
        string name, ReadOnlySpan<byte> ntHash, IEnumerable<string>? groups = null, string? displayName = null, bool disabled = false) =>
        Add(UserEntry.Create(name, ntHash, groups, displayName, disabled));

    /// <summary>Changes what is known of a user besides the password; what somebody else changes meanwhile is not lost.</summary>
    internal bool Change(string name, Func<SmbUser, SmbUser> change)
    {
        while (_users.TryGetValue(name, out var entry) && entry.TryGetUser(out var user))
        {
            var now = change(user);
            var changed = UserEntry.Create(user.Name, user.NtHash.Span, now.Groups, now.DisplayName, now.Disabled);
            if (!entry.TryGetUser(out _) || !_users.TryUpdate(name, changed, entry))
            {
                changed.Clear(); // of a hash that may have been zeroed meanwhile
                continue;
            }

            Interlocked.Increment(ref _version);
            var isSame = entry.IsLike(changed);
            entry.Clear();
            if (!isSame)
            {
                Changed?.Invoke(new SmbUserChange(user.Name));
            }

            return true;
        }

        return false;
    }

    /// <summary>Adds a user or replaces one. The entry is the store's too from here on, and is cleared when the user goes.</summary>
    internal void Add(UserEntry entry)
    {
        var name = entry.Name;
        UserEntry? replaced = null;
        _users.AddOrUpdate(
            name,
            static (_, added) => added,
            (_, old, added) =>
            {
                replaced = old;
                return added;
            },
            entry);
        Interlocked.Increment(ref _version);
        if (replaced is null || replaced == entry)
        {
            return;
        }

        var isSame = replaced.IsLike(entry);
        replaced.Clear();
        if (!isSame)
        {
            Changed?.Invoke(new SmbUserChange(name));
        }
    }

    /// <summary>Removes a user and zeroes its hash.</summary>
    /// <param name="name">The account's name; case is ignored.</param>
    /// <returns>Whether there was such a user.</returns>
    public bool Remove(string name)
    {
        if (!_users.TryRemove(name, out var entry))
        {
            return false;
        }

        Interlocked.Increment(ref _version);
        entry.Clear();
        Changed?.Invoke(new SmbUserChange(name));
        return true;
    }

    /// <summary>Whether there is a user of that name.</summary>
    internal bool Contains(string name) => _users.ContainsKey(name);

    /// <summary>Another number after every change.</summary>
    internal long Version => Interlocked.Read(ref _version);

    /// <summary>The entries of all users, as of now.</summary>
    internal ICollection<UserEntry> Entries => _users.Values;

    /// <summary>All users as of now.</summary>
    internal IEnumerable<SmbUser> GetAll()
    {
        foreach (var entry in _users.Values)
        {
            if (entry.TryGetUser(out var user))
            {
                yield return user;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken) =>
        new(_users.TryGetValue(userName, out var entry) && entry.TryGetUser(out var user) ? user : null);
}
