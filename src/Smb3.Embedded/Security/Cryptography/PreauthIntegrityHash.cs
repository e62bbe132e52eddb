using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// The preauthentication integrity hash of SMB 3.1.1 (MS-SMB2 3.1.4.4.1 and 3.3.5.4): SHA-512 over the previous value and
/// the whole message, beginning with 64 zero bytes. A value type: assigning it makes the copy with which a session
/// continues where its connection's NEGOTIATE ended.
/// </summary>
internal struct PreauthIntegrityHash
{
    public const int Size = SHA512.HashSizeInBytes;

    private Value _value;

    /// <summary>The current value: the context of the key derivation.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Bytes => _value;

    /// <summary>Adds a message, from its SMB2 header on (without the transport's length prefix).</summary>
    public void Update(ReadOnlySpan<byte> message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(_value);
        hash.AppendData(message);
        hash.GetHashAndReset(_value);
    }

    [InlineArray(Size)]
    private struct Value
    {
        private byte _first;
    }
}
