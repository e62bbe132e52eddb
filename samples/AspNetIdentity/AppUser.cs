using Microsoft.AspNetCore.Identity;

namespace Smb3.Embedded.Samples.AspNetIdentity;

/// <summary>A user of Identity, with what SMB needs beside its own hash.</summary>
internal sealed class AppUser : IdentityUser
{
    /// <summary>The NT hash of the password, encrypted (<see cref="NtHashes"/>); null until Identity next sees the password.</summary>
    public byte[]? ProtectedNtHash { get; set; }
}
