using Microsoft.AspNetCore.Identity;

namespace Smb3.Embedded.Samples.AspNetIdentity;

/// <summary>Identity's users, as the SMB server looks them up. Their roles are the groups that permissions of shares name.</summary>
internal sealed class IdentitySmbUsers(IServiceScopeFactory scopes, NtHashes hashes, UserChanges changes) : ISmbUserStore
{
    public event Action<SmbUserChange> Changed
    {
        add => changes.Changed += value;
        remove => changes.Changed -= value;
    }

    public async ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<AppUser>>();
        if (await users.FindByNameAsync(userName) is not { UserName: { } name } user)
        {
            return null;
        }

        // Who has no password at the web page has none here. Without a hash nobody gets in, whatever password they try.
        var hash = user is { PasswordHash: not null, ProtectedNtHash: { } kept } ? hashes.Open(kept) : null;
        return new SmbUser
        {
            Name = name,
            Domain = string.Empty,
            NtHash = hash,
            Groups = [.. await users.GetRolesAsync(user)],

            // SMB has no second factor to ask for, and must not be the way around it.
            Disabled = user.TwoFactorEnabled || await users.IsLockedOutAsync(user),
        };
    }
}
