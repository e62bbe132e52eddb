using System.Security.Cryptography;
using System.Text;
using Smb3.Embedded.Security.Users;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>
/// Who the users of the settings were, without their hashes: enough to tell which of them have changed since. A user who was changed or removed
/// by the host in the meantime is none of the settings' business until these say something new of him.
/// </summary>
internal sealed class UserFingerprints : IDisposable
{
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(HMACSHA256.HashSizeInBytes);
    private Dictionary<string, byte[]> _known;

    public UserFingerprints(InMemoryUserStore users) => _known = Take(users);

    /// <summary>Brings users up to date with what is new in the settings.</summary>
    /// <returns>How many were added or changed, and who is to be removed.</returns>
    public (int Set, IReadOnlyList<string> Gone) Apply(InMemoryUserStore wanted, SmbUserCollection users)
    {
        var now = Take(wanted);
        var set = 0;
        foreach (var entry in wanted.Entries)
        {
            // One whose hash is gone was given in code, and has been removed or replaced since.
            if (now.TryGetValue(entry.Name, out var mark) && !(_known.TryGetValue(entry.Name, out var before) && mark.AsSpan().SequenceEqual(before))
                && entry.TryGetUser(out var user))
            {
                users.AddHash(user.Name, user.NtHash.Span, user.Groups, user.DisplayName, user.Disabled);
                set++;
            }
        }

        var gone = _known.Keys.Where(name => !wanted.Contains(name)).ToList();
        _known = now;
        return (set, gone);
    }

    public void Dispose() => CryptographicOperations.ZeroMemory(_key);

    private Dictionary<string, byte[]> Take(InMemoryUserStore users)
    {
        var marks = new Dictionary<string, byte[]>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in users.Entries)
        {
            if (entry.TryGetUser(out var user))
            {
                marks[user.Name] = Mark(user);
            }
        }

        return marks;
    }

    private byte[] Mark(SmbUser user)
    {
        using var mark = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
        mark.AppendData(user.NtHash.Span);
        mark.AppendData([user.Disabled ? (byte)1 : (byte)0]);
        foreach (var text in user.Groups.Order(StringComparer.OrdinalIgnoreCase).Prepend(user.DisplayName ?? string.Empty))
        {
            mark.AppendData(Encoding.UTF8.GetBytes(text));
            mark.AppendData([0]);
        }

        return mark.GetHashAndReset();
    }
}
