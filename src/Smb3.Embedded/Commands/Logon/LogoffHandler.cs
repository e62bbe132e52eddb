using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Logon;

/// <summary>
/// LOGOFF (MS-SMB2 3.3.5.6): ends the session with all its channels, tree connects and opens. Durable opens wait for the client's next
/// session, as in Windows.
/// </summary>
internal sealed class LogoffHandler(CommandServices services) : ICommandHandler
{
    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!EmptyRequest.TryParse(request.Message.Span, out _))
        {
            return NtStatus.InvalidParameter;
        }

        await request.Session!.EndAsync(SessionEnd.Lost).ConfigureAwait(false);
        ServerLog.LoggedOff(services.Logger, request.Session.Identity!.ForLog, request.Session.SessionId);
        EmptyResponse.Write(request.Append(EmptyResponse.FixedSize));
        return NtStatus.Success;
    }
}
