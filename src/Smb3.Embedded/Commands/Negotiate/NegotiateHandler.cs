using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.Commands.Negotiate;

/// <summary>NEGOTIATE (MS-SMB2 3.3.5.4).</summary>
internal sealed class NegotiateHandler(CommandServices services, NegotiateAnswer answer) : ICommandHandler
{
    public ValueTask<NtStatus> HandleAsync(Request request) => new(Handle(request));

    private NtStatus Handle(Request request)
    {
        var connection = request.Connection;
        if (connection.Negotiated is not null)
        {
            // A second NEGOTIATE ends the connection without an answer.
            request.Disconnect = ConnectionEndReason.ProtocolViolation;
            return NtStatus.InvalidParameter;
        }

        if (!NegotiateRequest.TryParse(request.Message.Span, out var negotiate) || negotiate.DialectCount == 0)
        {
            return NtStatus.InvalidParameter;
        }

        var dialect = DialectChoice.Choose(negotiate, services.Settings);
        if (dialect == Smb2Dialect.None)
        {
            NegotiateReport.NoDialect(services, connection, negotiate);
            return NtStatus.NotSupported;
        }

        var choice = default(ContextChoice);
        if (dialect == Smb2Dialect.Smb311)
        {
            if (!negotiate.TryGetContexts(out var contexts))
            {
                NegotiateReport.Refused(services, connection, NtStatus.InvalidParameter);
                return NtStatus.InvalidParameter;
            }

            var status = ContextChoice.TryChoose(contexts, services.Settings, out choice);
            if (status != NtStatus.Success)
            {
                NegotiateReport.Refused(services, connection, status);
                return status;
            }

            // The hash covers request and response; it is in place before the response leaves.
            connection.Preauth = new PreauthTranscript();
            connection.Preauth.Update(request.Message.Span);
            request.PreauthOfResponse = connection.Preauth;
        }

        var negotiated = answer.Agree(
            dialect, negotiate.ClientGuid, negotiate.Capabilities, negotiate.SecurityMode, choice, request.Graph.Shares,
            request.LargestMessage);
        if (!connection.TryPublish(negotiated))
        {
            request.Disconnect = ConnectionEndReason.ProtocolViolation;
            return NtStatus.InvalidParameter;
        }

        NegotiateReport.Agreed(services, connection);
        request.TrimBody(answer.Write(request.Append(answer.MaxSize), negotiated, choice));
        return NtStatus.Success;
    }
}
