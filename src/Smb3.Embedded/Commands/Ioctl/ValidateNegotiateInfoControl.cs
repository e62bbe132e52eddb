using Smb3.Embedded.Commands.Negotiate;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Ioctl;

namespace Smb3.Embedded.Commands.Ioctl;

/// <summary>
/// FSCTL_VALIDATE_NEGOTIATE_INFO (MS-SMB2 3.3.5.15.12): the client repeats, under signature, what it negotiated; if that is not what
/// arrived, there is somebody in the middle, and the connection ends without an answer.
/// </summary>
internal sealed class ValidateNegotiateInfoControl(ServerSettings settings) : IFsControl
{
    public ValueTask<NtStatus> RunAsync(FsControlCall call)
    {
        var connection = call.Request.Connection;
        var negotiated = connection.Negotiated!;
        if (negotiated.Dialect == Smb2Dialect.Smb311
            || !ValidateNegotiateInfo.TryParse(call.Input.Span, out var info)
            || call.MaxOutput < ValidateNegotiateInfo.ResponseSize
            || info.ClientGuid != negotiated.ClientGuid
            || info.Capabilities != negotiated.ClientCapabilities
            || info.SecurityMode != negotiated.ClientSecurityMode
            || DialectChoice.Choose(info, settings) != negotiated.Dialect)
        {
            call.Request.Disconnect = ConnectionEndReason.NegotiateMismatch;
            return new(NtStatus.AccessDenied);
        }

        var output = new byte[ValidateNegotiateInfo.ResponseSize];
        ValidateNegotiateInfo.WriteResponse(
            output, negotiated.ServerCapabilities, settings.ServerGuid, negotiated.ServerSecurityMode, negotiated.Dialect);
        call.Output = output;
        return new(NtStatus.Success);
    }
}
