using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Copying;

/// <summary>
/// The tokens of a server's offloaded copies (MS-FSCC 2.1.11): random ids that stand for ranges of open files. The caller that presents one
/// is still checked: a token is valid only for the user that got it.
/// </summary>
internal sealed class OffloadTokens(RandomNumberGenerator random, TimeProvider time, int limit = 4096)
{
    public const int IdSize = 32;

    private static readonly TimeSpan UsualLife = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestLife = TimeSpan.FromMinutes(5);

    private readonly Lock _sync = new();
    private readonly Dictionary<(UInt128 Left, UInt128 Right), (OffloadSource Source, Sid User, long Expires)> _tokens = [];
    private long _nextSweep;

    /// <summary>How many there are, including expired ones that have not been swept yet.</summary>
    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _tokens.Count;
            }
        }
    }

    /// <summary>Makes a token; false when there are too many.</summary>
    /// <param name="source">What it stands for.</param>
    /// <param name="user">Who it is for.</param>
    /// <param name="milliseconds">How long it is to be valid; 0: the usual time.</param>
    /// <param name="id">Receives its id.</param>
    public bool TryIssue(OffloadSource source, Sid user, uint milliseconds, Span<byte> id)
    {
        var life = milliseconds == 0 ? UsualLife : TimeSpan.FromMilliseconds(milliseconds);
        random.GetBytes(id[..IdSize]);
        lock (_sync)
        {
            var now = time.GetTimestamp();
            if (_tokens.Count >= limit || now >= _nextSweep)
            {
                Sweep(now);
            }

            if (_tokens.Count >= limit)
            {
                return false;
            }

            var expires = time.Later(now, life < LongestLife ? life : LongestLife);
            return _tokens.TryAdd(KeyOf(id), (source, user, expires));
        }
    }

    /// <summary>What a token stands for; <see langword="null"/> if it is unknown, expired, or another user's.</summary>
    public OffloadSource? Find(ReadOnlySpan<byte> id, Sid user)
    {
        lock (_sync)
        {
            return _tokens.TryGetValue(KeyOf(id), out var token) && token.User == user && token.Source.IsGood
                && time.GetTimestamp() < token.Expires
                ? token.Source
                : null;
        }
    }

    private static (UInt128 Left, UInt128 Right) KeyOf(ReadOnlySpan<byte> id) =>
        (BinaryPrimitives.ReadUInt128LittleEndian(id), BinaryPrimitives.ReadUInt128LittleEndian(id[16..]));

    private void Sweep(long now)
    {
        foreach (var (key, token) in _tokens)
        {
            if (now < token.Expires && token.Source.IsGood)
            {
                continue;
            }

            _tokens.Remove(key);
            token.Source.End();
        }

        _nextSweep = time.Later(now, UsualLife);
    }
}
