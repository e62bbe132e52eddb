using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Users;

/// <summary>A user whom the server keeps itself, with the one copy of the hash, which is zeroed when the user goes.</summary>
internal sealed class UserEntry
{
    private readonly Lock _lock = new();
    private readonly byte[] _hash = GC.AllocateArray<byte>(SmbUser.NtHashSize, pinned: true);
    private readonly SmbUser _user;
    private bool _cleared;

    private UserEntry(string name, ReadOnlySpan<byte> hash, string[] groups, string? displayName, bool disabled)
    {
        hash.CopyTo(_hash);
        _user = new SmbUser { Name = name, Domain = "", NtHash = _hash, Groups = groups, DisplayName = displayName, Disabled = disabled };
    }

    public string Name => _user.Name;

    public string? DisplayName => _user.DisplayName;

    public IReadOnlyCollection<string> Groups => _user.Groups;

    public bool IsDisabled => _user.Disabled;

    /// <exception cref="ArgumentException">The name is empty, or the hash is not 16 bytes.</exception>
    public static UserEntry Create(
        string name, ReadOnlySpan<byte> ntHash, IEnumerable<string>? groups = null, string? displayName = null, bool disabled = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return ntHash.Length == SmbUser.NtHashSize
            ? new UserEntry(name, ntHash, groups is null ? [] : [.. groups], displayName, disabled)
            : throw new ArgumentException($"An NT hash has {SmbUser.NtHashSize} bytes.", nameof(ntHash));
    }

    /// <exception cref="ArgumentException">The name is empty.</exception>
    public static UserEntry Create(string name, ReadOnlySpan<char> password, IEnumerable<string>? groups = null)
    {
        Span<byte> hash = stackalloc byte[SmbUser.NtHashSize];
        SmbUser.ComputeNtHash(password, hash);
        var entry = Create(name, hash, groups);
        CryptographicOperations.ZeroMemory(hash);
        return entry;
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
    public bool IsLike(UserEntry other) => _user.Disabled == other._user.Disabled
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
