using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>Whose key a request is signed with: that of the session's channel on the connection, or the session's own where it has none there.</summary>
internal readonly record struct SigningParty(Session Session, Channel? Channel)
{
    public MessageSigner? Signer => Channel is not null ? Channel.Signer : Session.BindingSigner;
}
