using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Smb3.Embedded;

/// <summary>
/// Users in memory: their NT hashes, never their passwords. Users may come and go while the server runs; a hash is zeroed when its
/// user is removed or replaced. Safe for concurrent use; names are compared case-insensitively; the domain is ignored.
/// </summary>
public sealed class InMemoryUserStore : ISmbUserStore
{
    private readonly ConcurrentDictionary<string, Entry> _users = new(StringComparer.OrdinalIgnoreCase);
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
        string name, ReadOnlySpan<byte> ntHash, IEnumerable<string>? groups = null, string? displayName = null, bool disabled = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (ntHash.Length != SmbUser.NtHashSize)
        {
            throw new ArgumentException($"An NT hash has {SmbUser.NtHashSize} bytes.", nameof(ntHash));
        }

        var entry = new Entry(name, ntHash, groups is null ? [] : [.. groups], displayName, disabled);
        Entry? replaced = null;
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
        if (replaced is null)
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

    private sealed class Entry
    {
        private readonly Lock _lock = new();
        private readonly byte[] _hash = GC.AllocateArray<byte>(SmbUser.NtHashSize, pinned: true);
        private readonly SmbUser _user;
        private bool _cleared;

        public Entry(string name, ReadOnlySpan<byte> hash, string[] groups, string? displayName, bool disabled)
        {
            hash.CopyTo(_hash);
            _user = new SmbUser { Name = name, Domain = "", NtHash = _hash, Groups = groups, DisplayName = displayName, Disabled = disabled };
        }

        public bool TryGetUser([NotNullWhen(true)] out SmbUser? user)
        {
            lock (_lock)
            {
                user = _cleared ? null : _user;
                return !_cleared;
            }
        }

        /// <summary>Whether who has logged on as one would be let in as the other, and be the same.</summary>
        public bool IsLike(Entry other) => _user.Disabled == other._user.Disabled
            && CryptographicOperations.FixedTimeEquals(_hash, other._hash)
            && _user.Groups.ToHashSet(StringComparer.OrdinalIgnoreCase).SetEquals(other._user.Groups);

        public void Clear()
        {
            lock (_lock)
            {
                _cleared = true;
                CryptographicOperations.ZeroMemory(_hash);
            }
        }
    }
}
