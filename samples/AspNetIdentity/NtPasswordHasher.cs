using Microsoft.AspNetCore.Identity;

namespace Smb3.Embedded.Samples.AspNetIdentity;

/// <summary>
/// Identity's hasher, and the NT hash with it. Every way to set a password (registration, change, reset) comes through here, before Identity saves the user.
/// </summary>
internal sealed class NtPasswordHasher(PasswordHasher<AppUser> identity, NtHashes hashes) : IPasswordHasher<AppUser>
{
    public string HashPassword(AppUser user, string password)
    {
        user.ProtectedNtHash = hashes.Make(password, user.ProtectedNtHash);
        return identity.HashPassword(user, password);
    }

    /// <summary>For users from before there was SMB: the right password is as good as a new one, so Identity is told to hash it again.</summary>
    public PasswordVerificationResult VerifyHashedPassword(AppUser user, string hashedPassword, string providedPassword)
    {
        var result = identity.VerifyHashedPassword(user, hashedPassword, providedPassword);
        return result == PasswordVerificationResult.Success && user.ProtectedNtHash is null ? PasswordVerificationResult.SuccessRehashNeeded : result;
    }
}
