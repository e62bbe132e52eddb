using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>RC4, with which NTLM wraps its session key and its checksums (MS-NLMP 3.1.5.1.2 and 3.4.4.2).</summary>
internal struct Rc4
{
    private State _state;
    private byte _i;
    private byte _j;

    public Rc4(ReadOnlySpan<byte> key)
    {
        for (var i = 0; i < 256; i++)
        {
            _state[i] = (byte)i;
        }

        var j = 0;
        for (var i = 0; i < 256; i++)
        {
            j = (j + _state[i] + key[i % key.Length]) & 0xFF;
            (_state[i], _state[j]) = (_state[j], _state[i]);
        }
    }

    /// <summary>Encrypts or decrypts; the two may be the same memory.</summary>
    public static void Transform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> source, Span<byte> target)
    {
        var rc4 = new Rc4(key);
        rc4.Transform(source, target);
        rc4.Clear();
    }

    public void Transform(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (var n = 0; n < source.Length; n++)
        {
            _i++;
            _j += _state[_i];
            (_state[_i], _state[_j]) = (_state[_j], _state[_i]);
            target[n] = (byte)(source[n] ^ _state[(byte)(_state[_i] + _state[_j])]);
        }
    }

    public void Clear() => CryptographicOperations.ZeroMemory(_state);

    [InlineArray(256)]
    private struct State
    {
        private byte _first;
    }
}
