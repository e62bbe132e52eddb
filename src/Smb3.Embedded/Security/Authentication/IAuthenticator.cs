namespace Smb3.Embedded.Security.Authentication;

/// <summary>How clients prove who they are: the GSS mechanism behind NEGOTIATE and SESSION_SETUP. One per server.</summary>
internal interface IAuthenticator
{
    /// <summary>The token that the NEGOTIATE response carries (MS-SMB2 2.2.4); always the same.</summary>
    ReadOnlyMemory<byte> NegotiateToken { get; }

    /// <summary>Begins the exchange of a logon, a re-authentication or a channel binding.</summary>
    /// <param name="peer">Who tries passwords, and who counts the wrong ones; null: nobody does.</param>
    IAuthenticationExchange Begin(LogonPeer? peer = null);
}
