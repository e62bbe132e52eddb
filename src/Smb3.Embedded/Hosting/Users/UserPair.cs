namespace Smb3.Embedded.Hosting.Users;

/// <summary>The users of one store, then those of another.</summary>
internal sealed class UserPair(ISmbUserStore first, ISmbUserStore second) : ISmbUserStore
{
    public ISmbUserStore First => first;

    public ISmbUserStore Second => second;

    public event Action<SmbUserChange> Changed
    {
        add
        {
            first.Changed += value;
            second.Changed += value;
        }

        remove
        {
            first.Changed -= value;
            second.Changed -= value;
        }
    }

    public async ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken) =>
        await first.FindAsync(userName, domain, cancellationToken).ConfigureAwait(false)
        ?? await second.FindAsync(userName, domain, cancellationToken).ConfigureAwait(false);
}
