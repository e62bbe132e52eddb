using Smb3.Embedded.Nt;
using Smb3.Embedded.Pipes.Host;

namespace Smb3.Embedded.Hosting.Users;

/// <summary>The server's own users and their groups as they were after some change.</summary>
internal sealed class OwnAccounts
{
    /// <param name="version">After which change.</param>
    /// <param name="users">The users.</param>
    public OwnAccounts(long version, IReadOnlyList<PipeUser> users)
    {
        (Version, Users) = (version, users);
        BySid = users.Select(user => user.Account)
            .Concat(users.SelectMany(user => user.Groups))
            .DistinctBy(account => account.Sid)
            .ToDictionary(account => account.Sid);
    }

    /// <summary>Before there was any.</summary>
    public static OwnAccounts None { get; } = new(0, []);

    public long Version { get; }

    public IReadOnlyList<PipeUser> Users { get; }

    public IReadOnlyDictionary<Sid, PipeAccount> BySid { get; }
}
