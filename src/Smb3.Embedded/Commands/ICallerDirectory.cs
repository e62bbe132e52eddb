using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Pipes;
using Smb3.Embedded.Rpc;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands;

/// <summary>Turns the identity of a session into what files and pipes decide on: SIDs and the administrator's right.</summary>
internal interface ICallerDirectory
{
    /// <summary>What sessions and opens compare users by.</summary>
    SecurityToken TokenOf(SmbIdentity identity);

    FileCaller ForFiles(SmbIdentity identity);

    RpcCaller ForPipes(Session session);
}
