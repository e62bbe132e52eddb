using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The party whose key signs a request: the session's channel on the connection, or the session itself where it has none there.
/// </summary>
internal readonly record struct SigningParty(Session Session, Channel? Channel)
{
    public MessageSigner? Signer => Channel is not null ? Channel.Signer : Session.BindingSigner;
}
