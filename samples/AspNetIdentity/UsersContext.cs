using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;

namespace Smb3.Embedded.Samples.AspNetIdentity;

/// <summary>
/// The database. It is the one place that every change of a user comes through, whoever makes it, so it is here that the SMB server hears of them.
/// </summary>
internal sealed class UsersContext(DbContextOptions<UsersContext> options, UserChanges changes) : IdentityDbContext<AppUser>(options)
{
    /// <summary>What decides who may log on over SMB, and as what. A count of wrong passwords does not.</summary>
    private static readonly string[] Counting =
    [
        nameof(AppUser.UserName), nameof(AppUser.ProtectedNtHash), nameof(AppUser.LockoutEnd), nameof(AppUser.LockoutEnabled), nameof(AppUser.TwoFactorEnabled),
    ];

    public override async Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        var changed = await FindChangedAsync(cancellationToken);
        var saved = await base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
        foreach (var name in changed)
        {
            changes.Report(name);
        }

        return saved;
    }

    public override int SaveChanges(bool acceptAllChangesOnSuccess) =>
        throw new NotSupportedException("Users are saved asynchronously, so that the SMB server hears of it.");

    private async Task<HashSet<string>> FindChangedAsync(CancellationToken cancellationToken)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in ChangeTracker.Entries<AppUser>())
        {
            var counts = entry.State == EntityState.Deleted
                || (entry.State == EntityState.Modified
                    && (Array.Exists(Counting, name => entry.Property(name).IsModified)

                        // A password that is taken away; one that is only hashed anew is the same.
                        || (entry.Entity.PasswordHash is null && entry.Property(user => user.PasswordHash).IsModified)));
            if (counts && entry.Property(user => user.UserName).OriginalValue is { } name)
            {
                names.Add(name);
            }
        }

        foreach (var entry in ChangeTracker.Entries<IdentityUserRole<string>>())
        {
            if (entry.State is EntityState.Added or EntityState.Deleted
                && await Users.FindAsync([entry.Entity.UserId], cancellationToken) is { UserName: { } name })
            {
                names.Add(name);
            }
        }

        return names;
    }
}
