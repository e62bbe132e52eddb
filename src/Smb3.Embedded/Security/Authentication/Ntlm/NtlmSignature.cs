using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Wire;

#pragma warning disable CA5351 // MD5 is what NTLM is made of

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// The message signature with extended session security (MS-NLMP sections 3.4.4.2, 3.4.5.2 and 3.4.5.3), for the one message per
/// direction that SMB has signed by NTLM: SPNEGO's list of mechanisms, with sequence number 0.
/// </summary>
internal static class NtlmSignature
{
    public const int Size = 16;

    private const int ChecksumOffset = 4;
    private const int ChecksumSize = 8;

    public static void Compute(
        ReadOnlySpan<byte> sessionKey, NtlmFlags flags, bool fromServer, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        Span<byte> key = stackalloc byte[MD5.HashSizeInBytes];
        Span<byte> checksum = stackalloc byte[MD5.HashSizeInBytes];
        DeriveKey(
            sessionKey,
            fromServer
                ? "session key to server-to-client signing key magic constant\0"u8
                : "session key to client-to-server signing key magic constant\0"u8,
            key);
        using (var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.MD5, key))
        {
            hmac.AppendData((ReadOnlySpan<byte>)stackalloc byte[sizeof(uint)]); // the sequence number
            hmac.AppendData(message);
            hmac.GetHashAndReset(checksum);
        }

        signature[..Size].Clear();
        signature.Put(0, 1u); // the version
        if ((flags & NtlmFlags.KeyExchange) != 0)
        {
            DeriveKey(
                SealingPart(sessionKey, flags),
                fromServer
                    ? "session key to server-to-client sealing key magic constant\0"u8
                    : "session key to client-to-server sealing key magic constant\0"u8,
                key);
            Rc4.Transform(key, checksum[..ChecksumSize], checksum);
        }

        checksum[..ChecksumSize].CopyTo(signature[ChecksumOffset..]);
        CryptographicOperations.ZeroMemory(key);
    }

    public static bool Verify(
        ReadOnlySpan<byte> sessionKey, NtlmFlags flags, bool fromServer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        Span<byte> expected = stackalloc byte[Size];
        Compute(sessionKey, flags, fromServer, message, expected);
        return CryptographicOperations.FixedTimeEquals(expected, signature);
    }

    // SEALKEY takes less of the key where the client cannot have more.
    private static ReadOnlySpan<byte> SealingPart(ReadOnlySpan<byte> sessionKey, NtlmFlags flags) =>
        (flags & NtlmFlags.Key128) != 0 ? sessionKey : (flags & NtlmFlags.Key56) != 0 ? sessionKey[..7] : sessionKey[..5];

    private static void DeriveKey(ReadOnlySpan<byte> sessionKey, ReadOnlySpan<byte> purpose, Span<byte> key)
    {
        Span<byte> input = stackalloc byte[NtlmV2.KeySize + 64];
        sessionKey.CopyTo(input);
        purpose.CopyTo(input[sessionKey.Length..]);
        MD5.HashData(input[..(sessionKey.Length + purpose.Length)], key);
        CryptographicOperations.ZeroMemory(input);
    }
}
