using Smb3.Embedded.Nt;

namespace Smb3.Embedded;

/// <summary>
/// Translates between the names and the SIDs of a directory's users and groups. Clients ask for it when they show who is in an access list,
/// who owns a file or whose quota it is, and the server when permissions of a share name a group of the directory. What it answers is kept
/// for a while, and how long it may take and how many questions run at once is limited (<see cref="SmbDirectoryOptions"/>). Called concurrently.
/// </summary>
/// <remarks>
/// Null means that the directory has answered, and has no such account; a directory that cannot be asked is an exception. Names come from
/// clients as they are: escape them.
/// </remarks>
public interface IAccountResolver
{
    /// <summary>The account of a SID.</summary>
    /// <param name="sid">The SID; none that is well known, or the server's own.</param>
    /// <param name="cancellationToken">Nobody waits for the answer any more.</param>
    /// <returns>The account, or null when the directory has none.</returns>
    ValueTask<SmbAccount?> FindAsync(Sid sid, CancellationToken cancellationToken);

    /// <summary>The account of a name, whatever its case.</summary>
    /// <param name="domain">The short or the DNS name of its domain; null: any that the directory has.</param>
    /// <param name="name">The name; 1 to 256 characters.</param>
    /// <param name="cancellationToken">Nobody waits for the answer any more.</param>
    /// <returns>The account, or null when the directory has none.</returns>
    ValueTask<SmbAccount?> FindAsync(string? domain, string name, CancellationToken cancellationToken);

    /// <summary>The groups that a user is in, directly or through other groups.</summary>
    /// <param name="user">The user's SID.</param>
    /// <param name="cancellationToken">Nobody waits for the answer any more.</param>
    /// <returns>The groups' SIDs, at most 1,024; null when the directory has no such user.</returns>
    ValueTask<IReadOnlyList<Sid>?> FindGroupsAsync(Sid user, CancellationToken cancellationToken);
}
