namespace Smb3.Embedded;

/// <summary>Where the server looks users up. Called for every logon, concurrently.</summary>
public interface ISmbUserStore
{
    /// <summary>
    /// A user's password or groups have changed, or the user is disabled or gone: the user's sessions are ended. A store that never says so lets
    /// sessions go on as they began. Raised after the change, from any thread; it does not wait for the sessions.
    /// </summary>
    event Action<SmbUserChange> Changed
    {
        add
        {
        }

        remove
        {
        }
    }

    /// <summary>Finds a user.</summary>
    /// <param name="userName">The name as the client sent it: never empty, otherwise unchecked. Compare it case-insensitively.</param>
    /// <param name="domain">The domain as the client sent it: often empty, the server's name or the client's own.</param>
    /// <param name="cancellationToken">The connection is gone, or the logon took too long.</param>
    /// <returns>The user, or null when there is none. An exception fails the logon.</returns>
    ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken);
}
