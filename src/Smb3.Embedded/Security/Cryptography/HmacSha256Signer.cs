using System.Security.Cryptography;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>SMB 2.0.2 and 2.1: the first half of HMAC-SHA256 (MS-SMB2 3.1.4.1).</summary>
internal sealed class HmacSha256Signer : MessageSigner
{
    private readonly byte[] _key;

    public HmacSha256Signer(ReadOnlySpan<byte> key)
    {
        _key = GC.AllocateArray<byte>(key.Length, pinned: true);
        key.CopyTo(_key);
    }

    protected override void Compute(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> data, Span<byte> signature)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, data, hash);
        hash[..Smb2Header.SignatureSize].CopyTo(signature);
    }

    protected override void Release() => CryptographicOperations.ZeroMemory(_key);
}
