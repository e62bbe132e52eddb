using Smb3.Embedded.Security.Authentication;

namespace Smb3.Embedded.Sessions;

/// <summary>
/// A session that is being bound to a further connection. The binding is worked out here, and the session learns of it only when it has
/// succeeded: a bind that fails changes nothing for the session that it named.
/// </summary>
internal sealed class ChannelBinding(Session session, IAuthenticationExchange exchange, PreauthTranscript? preauth) : IDisposable
{
    public Session Session { get; } = session;

    public IAuthenticationExchange Exchange { get; } = exchange;

    /// <summary>The hash of this authentication: the connection's own, and not that of the session's other channels (3.1.1).</summary>
    public PreauthTranscript? Preauth { get; } = preauth;

    public void Dispose() => Exchange.Dispose();
}
