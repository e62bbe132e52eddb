using System.Buffers.Binary;
using System.Security.Cryptography;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Security.Cryptography;

/// <summary>
/// The key derivation of SMB 3.x: NIST SP800-108 in counter mode with HMAC-SHA256 and a 32-bit counter (MS-SMB2 3.1.4.2).
/// Labels and contexts are part of the input with their terminating zero.
/// </summary>
internal static class KeyDerivation
{
    /// <summary>Session keys, signing keys and application keys are 128 bits, whatever the cipher.</summary>
    public const int KeySize = 16;

    /// <summary>Derives <paramref name="output"/>.Length (16 or 32) bytes.</summary>
    public static void Derive(ReadOnlySpan<byte> key, ReadOnlySpan<byte> label, ReadOnlySpan<byte> context, Span<byte> output)
    {
        // K(1) = HMAC(key, [1]32 | label | 0x00 | context | [L]32): one block of SHA-256 is enough for every key of SMB.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(output.Length, HMACSHA256.HashSizeInBytes);
        Span<byte> input = stackalloc byte[sizeof(uint) + label.Length + 1 + context.Length + sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(input, 1);
        label.CopyTo(input[4..]);
        input[4 + label.Length] = 0;
        context.CopyTo(input[(5 + label.Length)..]);
        BinaryPrimitives.WriteUInt32BigEndian(input[^4..], (uint)output.Length * 8);

        Span<byte> block = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, input, block);
        block[..output.Length].CopyTo(output);
        CryptographicOperations.ZeroMemory(block);
    }

    public static ReadOnlySpan<byte> SigningLabel(Smb2Dialect dialect) =>
        dialect >= Smb2Dialect.Smb311 ? "SMBSigningKey\0"u8 : "SMB2AESCMAC\0"u8;

    public static ReadOnlySpan<byte> SigningContext(Smb2Dialect dialect, ReadOnlySpan<byte> preauthHash) =>
        dialect >= Smb2Dialect.Smb311 ? preauthHash : "SmbSign\0"u8;

    public static ReadOnlySpan<byte> ClientToServerLabel(Smb2Dialect dialect) =>
        dialect >= Smb2Dialect.Smb311 ? "SMBC2SCipherKey\0"u8 : "SMB2AESCCM\0"u8;

    /// <summary>The space at the end of "ServerIn " is the specification's.</summary>
    public static ReadOnlySpan<byte> ClientToServerContext(Smb2Dialect dialect, ReadOnlySpan<byte> preauthHash) =>
        dialect >= Smb2Dialect.Smb311 ? preauthHash : "ServerIn \0"u8;

    public static ReadOnlySpan<byte> ServerToClientLabel(Smb2Dialect dialect) =>
        dialect >= Smb2Dialect.Smb311 ? "SMBS2CCipherKey\0"u8 : "SMB2AESCCM\0"u8;

    public static ReadOnlySpan<byte> ServerToClientContext(Smb2Dialect dialect, ReadOnlySpan<byte> preauthHash) =>
        dialect >= Smb2Dialect.Smb311 ? preauthHash : "ServerOut\0"u8;

    public static ReadOnlySpan<byte> ApplicationLabel(Smb2Dialect dialect) =>
        dialect >= Smb2Dialect.Smb311 ? "SMBAppKey\0"u8 : "SMB2APP\0"u8;

    public static ReadOnlySpan<byte> ApplicationContext(Smb2Dialect dialect, ReadOnlySpan<byte> preauthHash) =>
        dialect >= Smb2Dialect.Smb311 ? preauthHash : "SmbRpc\0"u8;
}
