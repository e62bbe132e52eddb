using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;

#pragma warning disable CA5351 // MD5 is what NTLM is made of

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// One direction of NTLM's message protection: a key to sign with, an RC4 stream that goes on from message to message, and a sequence
/// number. <c>secret</c> is always a part of <c>message</c>, transformed in place.
/// </summary>
internal sealed class NtlmMessageDirection : IDisposable
{
    private readonly byte[] _signingKey = GC.AllocateArray<byte>(NtlmV2.KeySize, pinned: true);
    private readonly bool _encryptsChecksum;
    private Rc4 _stream;
    private uint _sequence;

    public NtlmMessageDirection(ReadOnlySpan<byte> sessionKey, NtlmFlags flags, bool fromServer, uint firstSequence = 0)
    {
        _sequence = firstSequence;
        NtlmSignature.DeriveSigningKey(sessionKey, fromServer, _signingKey);
        _encryptsChecksum = (flags & NtlmFlags.KeyExchange) != 0;
        Span<byte> sealingKey = stackalloc byte[NtlmV2.KeySize];
        NtlmSignature.DeriveSealingKey(sessionKey, flags, fromServer, sealingKey);
        _stream = new Rc4(sealingKey);
        CryptographicOperations.ZeroMemory(sealingKey);
    }

    public void Protect(ReadOnlySpan<byte> message, Span<byte> secret, Span<byte> signature)
    {
        // The checksum is of the plain text, and takes its part of the stream after it.
        Span<byte> checksum = stackalloc byte[HMACMD5.HashSizeInBytes];
        Checksum(message, checksum);
        _stream.Transform(secret, secret);
        WriteSignature(checksum, signature);
    }

    public bool Unprotect(ReadOnlySpan<byte> message, Span<byte> secret, ReadOnlySpan<byte> signature)
    {
        Span<byte> checksum = stackalloc byte[HMACMD5.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[NtlmSignature.Size];
        _stream.Transform(secret, secret);
        Checksum(message, checksum);
        WriteSignature(checksum, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_signingKey);
        _stream.Clear();
    }

    private void Checksum(ReadOnlySpan<byte> message, Span<byte> checksum)
    {
        Span<byte> sequence = stackalloc byte[sizeof(uint)];
        sequence.Put(0, _sequence);
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.MD5, _signingKey);
        hmac.AppendData(sequence);
        hmac.AppendData(message);
        hmac.GetHashAndReset(checksum);
    }

    /// <summary>NTLMSSP_MESSAGE_SIGNATURE (MS-NLMP 2.2.2.9.2): version 1 (4 bytes), checksum (8), sequence number (4).</summary>
    private void WriteSignature(Span<byte> checksum, Span<byte> signature)
    {
        checksum = checksum[..NtlmSignature.ChecksumSize];
        if (_encryptsChecksum)
        {
            _stream.Transform(checksum, checksum);
        }

        signature.Put(0, 1u);
        checksum.CopyTo(signature[NtlmSignature.ChecksumOffset..]);
        signature.Put(NtlmSignature.ChecksumOffset + NtlmSignature.ChecksumSize, _sequence++);
    }
}
