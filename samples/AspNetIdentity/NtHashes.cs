using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace Smb3.Embedded.Samples.AspNetIdentity;

/// <summary>Makes and keeps NT hashes. A stolen database alone gives nobody's away, because the keys are elsewhere.</summary>
internal sealed class NtHashes(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("NT hashes of SMB");

    /// <summary>The hash in the form that the database keeps; the old one, when it is of the same password.</summary>
    public byte[] Make(string password, byte[]? old)
    {
        Span<byte> hash = stackalloc byte[SmbUser.NtHashSize];
        SmbUser.ComputeNtHash(password, hash);
        var made = old is not null && Open(old) is { } known && CryptographicOperations.FixedTimeEquals(known, hash) ? old : _protector.Protect(hash.ToArray());
        CryptographicOperations.ZeroMemory(hash);
        return made;
    }

    /// <summary>The hash itself; null when the keys are gone, and the user must log on to the web page once.</summary>
    public byte[]? Open(byte[] kept)
    {
        try
        {
            return _protector.Unprotect(kept);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
