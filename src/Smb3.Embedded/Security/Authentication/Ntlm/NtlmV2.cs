using System.Security.Cryptography;
using Smb3.Embedded.Wire;

#pragma warning disable CA5351 // MD5 is what NTLM is made of

namespace Smb3.Embedded.Security.Authentication.Ntlm;

/// <summary>The computations of NTLMv2 (MS-NLMP 3.3.2) and its response (MS-NLMP 2.2.2.8).</summary>
internal static class NtlmV2
{
    public const int KeySize = 16;
    public const int ProofSize = 16;

    /// <summary>Type 1, reserved, time, client challenge, reserved: then the attributes (MS-NLMP 2.2.2.7).</summary>
    public const int AttributesOffset = ProofSize + 28;

    /// <summary>In <see cref="NtlmAvId.Flags"/>: the client's AUTHENTICATE has a MIC.</summary>
    private const uint MicProvided = 0x00000002;

    /// <summary>NTOWFv2: the user in upper case (simple case mapping, whatever the locale), the domain as the client sent it.</summary>
    public static void ResponseKey(ReadOnlySpan<byte> ntHash, string userName, string domainName, Span<byte> key)
    {
        var identity = userName.ToUpperInvariant() + domainName;
        Span<byte> bytes = new byte[identity.Length * sizeof(char)];
        bytes.PutUtf16(0, identity);
        HMACMD5.HashData(ntHash, bytes, key);
    }

    /// <summary>NTProofStr over the server's challenge and the client's blob.</summary>
    public static void Proof(ReadOnlySpan<byte> responseKey, ReadOnlySpan<byte> serverChallenge, ReadOnlySpan<byte> blob, Span<byte> proof)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.MD5, responseKey);
        hmac.AppendData(serverChallenge);
        hmac.AppendData(blob);
        hmac.GetHashAndReset(proof);
    }

    public static void SessionBaseKey(ReadOnlySpan<byte> responseKey, ReadOnlySpan<byte> proof, Span<byte> key) =>
        HMACMD5.HashData(responseKey, proof, key);

    /// <summary>The MIC over all three messages; the field in the third counts as zero (MS-NLMP 3.1.5.1.2).</summary>
    public static void Mic(
        ReadOnlySpan<byte> sessionKey,
        ReadOnlySpan<byte> negotiate,
        ReadOnlySpan<byte> challenge,
        ReadOnlySpan<byte> authenticate,
        Span<byte> mic)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.MD5, sessionKey);
        hmac.AppendData(negotiate);
        hmac.AppendData(challenge);
        hmac.AppendData(authenticate[..NtlmAuthenticateMessage.MicOffset]);
        hmac.AppendData((ReadOnlySpan<byte>)stackalloc byte[NtlmAuthenticateMessage.MicSize]);
        hmac.AppendData(authenticate[NtlmAuthenticateMessage.PayloadOffset..]);
        hmac.GetHashAndReset(mic);
    }

    /// <summary>The length of NTLMv1's NT response (MS-NLMP 2.2.2.6): whoever sends no more speaks no NTLMv2.</summary>
    public const int OldResponseSize = 24;

    /// <summary>Whether an NT response is of version 2 and well-formed.</summary>
    public static bool IsResponse(ReadOnlySpan<byte> ntResponse) =>
        ntResponse.Length >= AttributesOffset + NtlmAvPairs.HeaderSize
        && ntResponse[ProofSize] == 1
        && ntResponse[ProofSize + 1] == 1
        && NtlmAvPairs.IsWellFormed(ntResponse[AttributesOffset..]);

    /// <summary>The service that the client wants (MsvAvTargetName); null when it does not say.</summary>
    public static string? TargetName(ReadOnlySpan<byte> ntResponse) =>
        NtlmAvPairs.TryFind(ntResponse[AttributesOffset..], NtlmAvId.TargetName, out var name) && !name.IsEmpty
            ? System.Text.Encoding.Unicode.GetString(name)
            : null;

    public static bool HasMic(ReadOnlySpan<byte> ntResponse) =>
        NtlmAvPairs.TryFind(ntResponse[AttributesOffset..], NtlmAvId.Flags, out var flags)
        && flags.Length == sizeof(uint)
        && (flags.UInt32(0) & MicProvided) != 0;
}
