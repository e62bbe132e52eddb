using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Smb3.Embedded.Security.Cryptography;

namespace Smb3.Embedded;

/// <summary>
/// A user as a store hands it to the server. It holds the NT hash, never the password; to an attacker the NT hash is as good as the
/// password, so protect it like one.
/// </summary>
public sealed class SmbUser
{
    /// <summary>The size of <see cref="NtHash"/> in bytes.</summary>
    public const int NtHashSize = 16;

    /// <summary>The account's name. Its case is kept, and ignored when names are compared.</summary>
    public required string Name { get; init; }

    /// <summary>MD4 of the password in UTF-16LE: exactly <see cref="NtHashSize"/> bytes. Any other length never logs on.</summary>
    public required ReadOnlyMemory<byte> NtHash { get; init; }

    /// <summary>
    /// The domain that the account is in. Two users of the same name in two domains are different users with different SIDs. Empty: the
    /// account is the server's own, whatever domain the client names. Null, for a store that does not say: the SID comes from the name
    /// alone, and users of the same name are taken for one only when their clients name the same domain.
    /// </summary>
    public string? Domain { get; init; }

    /// <summary>A name to show, or null.</summary>
    public string? DisplayName { get; init; }

    /// <summary>The groups that the user is in. Case is ignored.</summary>
    public IReadOnlyCollection<string> Groups { get; init; } = [];

    /// <summary>Whether even the right password is refused, with STATUS_ACCOUNT_DISABLED.</summary>
    public bool Disabled { get; init; }

    /// <summary>The NT hash of a password.</summary>
    /// <param name="password">The password.</param>
    /// <param name="ntHash">Receives <see cref="NtHashSize"/> bytes.</param>
    /// <exception cref="ArgumentException"><paramref name="ntHash"/> is too short.</exception>
    public static void ComputeNtHash(ReadOnlySpan<char> password, Span<byte> ntHash)
    {
        if (ntHash.Length < NtHashSize)
        {
            throw new ArgumentException($"The NT hash takes {NtHashSize} bytes.", nameof(ntHash));
        }

        if (BitConverter.IsLittleEndian)
        {
            Md4.HashData(MemoryMarshal.AsBytes(password), ntHash);
            return;
        }

        var bytes = new byte[password.Length * sizeof(char)];
        System.Text.Encoding.Unicode.GetBytes(password, bytes);
        Md4.HashData(bytes, ntHash);
        CryptographicOperations.ZeroMemory(bytes);
    }
}
