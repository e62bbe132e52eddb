using System.Security.Cryptography;

#pragma warning disable CA5351 // MD5 is what NTLM is made of

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>
/// The message signature with extended session security (MS-NLMP 3.4.4.2, 3.4.5.2 and 3.4.5.3): its keys, and the one message
/// per direction that SMB has signed by NTLM: SPNEGO's list of mechanisms, with sequence number 0.
/// </summary>
internal static class NtlmSignature
{
    public const int Size = 16;
    public const int ChecksumOffset = 4;
    public const int ChecksumSize = 8;

    public static void Compute(
        ReadOnlySpan<byte> sessionKey, NtlmFlags flags, bool fromServer, ReadOnlySpan<byte> message, Span<byte> signature)
    {
        using var direction = new NtlmMessageDirection(sessionKey, flags, fromServer);
        direction.Protect(message, [], signature);
    }

    public static bool Verify(
        ReadOnlySpan<byte> sessionKey, NtlmFlags flags, bool fromServer, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        using var direction = new NtlmMessageDirection(sessionKey, flags, fromServer);
        return direction.Unprotect(message, [], signature);
    }

    /// <summary>SIGNKEY.</summary>
    public static void DeriveSigningKey(ReadOnlySpan<byte> sessionKey, bool fromServer, Span<byte> key) => DeriveKey(
        sessionKey,
        fromServer
            ? "session key to server-to-client signing key magic constant\0"u8
            : "session key to client-to-server signing key magic constant\0"u8,
        key);

    /// <summary>SEALKEY.</summary>
    public static void DeriveSealingKey(ReadOnlySpan<byte> sessionKey, NtlmFlags flags, bool fromServer, Span<byte> key) => DeriveKey(
        SealingPart(sessionKey, flags),
        fromServer
            ? "session key to server-to-client sealing key magic constant\0"u8
            : "session key to client-to-server sealing key magic constant\0"u8,
        key);

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
