using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded.Hosting.Users;

/// <summary>Ends the sessions of users who have changed: who may still come in logs on anew, with what is right now.</summary>
internal sealed class UserChanges : IDisposable
{
    private readonly ISmbUserStore _users;
    private readonly Func<Func<SmbIdentity, bool>, ValueTask<int>> _endSessions;
    private readonly ILogger _logger;

    public UserChanges(ISmbUserStore users, Func<Func<SmbIdentity, bool>, ValueTask<int>> endSessions, ILogger logger)
    {
        (_users, _endSessions, _logger) = (users, endSessions, logger);
        _users.Changed += OnChanged;
    }

    public void Dispose() => _users.Changed -= OnChanged;

    // Who changes a user need not wait for what the user has open.
    private void OnChanged(SmbUserChange change) => _ = Task.Run(() => EndAsync(change));

    private async Task EndAsync(SmbUserChange change)
    {
        try
        {
            var ended = await _endSessions(identity =>
                identity is { IsGuest: false, IsAnonymous: false }
                && identity.UserName.Equals(change.UserName, StringComparison.OrdinalIgnoreCase)
                && string.Equals(identity.AccountDomain, change.Domain, StringComparison.OrdinalIgnoreCase)).ConfigureAwait(false);
            if (ended > 0)
            {
                ServerLog.UserChanged(_logger, change.UserName, ended);
            }
        }
        catch (Exception e)
        {
            ServerLog.UserChangeFault(_logger, e);
        }
    }
}
