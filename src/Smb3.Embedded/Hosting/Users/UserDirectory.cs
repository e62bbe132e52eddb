namespace Smb3.Embedded.Hosting.Users;

/// <summary>The server's own users, then the host's.</summary>
internal sealed class UserDirectory(InMemoryUserStore own, ISmbUserStore host) : ISmbUserStore
{
    /// <summary>The stores whose users can be listed, those that are asked first at the beginning.</summary>
    public static IReadOnlyList<InMemoryUserStore> Listed(ISmbUserStore store) => store switch
    {
        InMemoryUserStore memory => [memory],
        SmbUsersFile file => [file.Users],
        UserDirectory directory => [.. Listed(directory.Own), .. Listed(directory.Host)],
        UserPair pair => [.. Listed(pair.First), .. Listed(pair.Second)],
        _ => [],
    };

    private InMemoryUserStore Own => own;

    private ISmbUserStore Host => host;

    /// <summary>The stores that there are; users of an earlier one come before those of the same name in a later.</summary>
    public static ISmbUserStore Join(InMemoryUserStore own, SmbUsersFile? file, ISmbUserStore? host) => (file, host) switch
    {
        (null, null) => own,
        (not null, not null) => new UserDirectory(own, new UserPair(file, host)),
        _ => new UserDirectory(own, file ?? host!),
    };

    public event Action<SmbUserChange> Changed
    {
        add
        {
            own.Changed += value;
            host.Changed += value;
        }

        remove
        {
            own.Changed -= value;
            host.Changed -= value;
        }
    }

    public async ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken) =>
        await own.FindAsync(userName, domain, cancellationToken).ConfigureAwait(false)
        ?? await host.FindAsync(userName, domain, cancellationToken).ConfigureAwait(false);
}
