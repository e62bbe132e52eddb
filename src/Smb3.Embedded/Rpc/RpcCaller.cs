using System.Net;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Rpc;

/// <summary>Who is calling: the identity behind a connection, as far as interfaces need it.</summary>
/// <param name="UserName">The account name; empty when anonymous.</param>
/// <param name="DomainName">The domain or machine that vouches for the account.</param>
internal sealed record RpcCaller(string UserName, string DomainName)
{
    /// <summary>The user's SID; null when the host does not give its users one.</summary>
    public Sid? UserSid { get; init; }

    /// <summary>May see other users' sessions and open files.</summary>
    public bool IsAdministrator { get; init; }

    /// <summary>Logged on without an account. Guests count as anonymous here.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Where the caller is; null when the transport does not know.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The server's address that the caller has connected to; null when the transport does not know.</summary>
    public IPAddress? LocalAddress { get; init; }

    /// <summary>The port of that address; zero when the transport does not know.</summary>
    public int LocalPort { get; init; }

    /// <summary>The session, zero when there is none; what all its connections hold is counted together.</summary>
    public ulong SessionId { get; init; }

    /// <summary>
    /// Whether both are the same user, who may use the context handles of one connection on the other: in one session, or with the same SID
    /// in two, because a Windows client may log on more than once.
    /// </summary>
    public bool IsSameUserAs(RpcCaller other) =>
        this == other || (UserSid is not null && UserSid == other.UserSid && IsAdministrator == other.IsAdministrator);
}
