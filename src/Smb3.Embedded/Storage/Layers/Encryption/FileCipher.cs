using System.Security.Cryptography;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>The keys of one file, and what works with them: lent to one caller at a time, and kept for the next.</summary>
/// <param name="header">The header of the file.</param>
/// <param name="key">Its keys.</param>
internal sealed class FileCipher(byte[] header, byte[] key) : IDisposable
{
    /// <summary>How many are kept. A handle seldom has more requests at work at the same moment; each holds three schedules of keys.</summary>
    private readonly XtsAes?[] _idle = new XtsAes?[2];
    private volatile bool _isEnded;

    /// <summary>What the file begins with.</summary>
    public ReadOnlySpan<byte> Header => header;

    /// <summary>What encrypts, decrypts. It is given back by <see cref="Return"/>.</summary>
    public XtsAes Lend()
    {
        foreach (ref var place in _idle.AsSpan())
        {
            if (Interlocked.Exchange(ref place, null) is { } idle)
            {
                return idle;
            }
        }

        return new XtsAes(key);
    }

    /// <summary>Gives back what was lent.</summary>
    public void Return(XtsAes lent)
    {
        foreach (ref var place in _idle.AsSpan())
        {
            if (!_isEnded && Interlocked.CompareExchange(ref place, lent, null) is null)
            {
                if (_isEnded)
                {
                    Interlocked.Exchange(ref place, null)?.Dispose();
                }

                return;
            }
        }

        lent.Dispose();
    }

    /// <summary>Encrypts blocks that begin at <paramref name="offset"/>.</summary>
    public void Encrypt(long offset, ReadOnlySpan<byte> data, Span<byte> encrypted)
    {
        var cipher = Lend();
        cipher.Encrypt(offset, data, encrypted);
        Return(cipher);
    }

    /// <summary>Decrypts blocks that begin at <paramref name="offset"/>.</summary>
    public void Decrypt(long offset, ReadOnlySpan<byte> encrypted, Span<byte> data)
    {
        var cipher = Lend();
        cipher.Decrypt(offset, encrypted, data);
        Return(cipher);
    }

    /// <summary>Ends what is not lent now; that ends when it is given back.</summary>
    public void Dispose()
    {
        _isEnded = true;
        foreach (ref var place in _idle.AsSpan())
        {
            Interlocked.Exchange(ref place, null)?.Dispose();
        }
    }
}
