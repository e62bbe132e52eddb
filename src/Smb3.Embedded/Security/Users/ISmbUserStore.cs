namespace Smb3.Embedded;

/// <summary>Where the server looks users up. Called for every logon, concurrently.</summary>
public interface ISmbUserStore
{
    /// <summary>Finds a user.</summary>
    /// <param name="userName">The name as the client sent it: never empty, otherwise unchecked. Compare it case-insensitively.</param>
    /// <param name="domain">The domain as the client sent it: often empty, the server's name or the client's own.</param>
    /// <param name="cancellationToken">The connection is gone, or the logon took too long.</param>
    /// <returns>The user, or null when there is none. An exception fails the logon.</returns>
    ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken);
}
