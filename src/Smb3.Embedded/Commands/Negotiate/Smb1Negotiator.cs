using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Smb1Negotiate;

namespace Smb3.Embedded.Commands.Negotiate;

/// <summary>
/// The SMB1 multi-protocol NEGOTIATE (MS-SMB2 3.3.5.3): "SMB 2.???" is answered with dialect 0x02FF and a second NEGOTIATE is expected,
/// "SMB 2.002" with 2.0.2 for good. A client that offers neither gets no answer: SMB1 is not spoken.
/// </summary>
internal sealed class Smb1Negotiator(CommandServices services, NegotiateAnswer answer) : ISmb1Negotiator
{
    public bool TryAnswer(ReadOnlySpan<byte> frame, ConnectionLoop loop)
    {
        var connection = loop.Connection;
        if (!Smb1NegotiateRequest.TryParse(frame, out var request))
        {
            if (Smb1NegotiateRequest.IsSmb1(frame))
            {
                // Well-formed or not, it comes from a client of that age.
                NegotiateReport.Smb1Only(services, connection);
            }

            return false;
        }

        Smb2Dialect dialect;
        if (request.OffersSmb2Wildcard && services.Settings.MaxDialect > Smb2Dialect.Smb202)
        {
            dialect = Smb2Dialect.Wildcard;
        }
        else if (request.OffersSmb202 && DialectChoice.IsServed(Smb2Dialect.Smb202, services.Settings))
        {
            dialect = Smb2Dialect.Smb202;
        }
        else
        {
            if (request.OffersSmb202)
            {
                NegotiateReport.NoDialect(services, connection, Smb2Dialect.Smb202, "2.0.2");
            }
            else
            {
                NegotiateReport.Smb1Only(services, connection);
            }

            return false;
        }

        // The request stands for message id 0.
        if (!connection.Credits.TryUse(0, 1))
        {
            return false;
        }

        var negotiated = answer.Agree(
            dialect, Guid.Empty, Smb2Capabilities.None, Smb2SecurityMode.SigningEnabled, default, connection.Graph.Shares,
            loop.LargestMessage);
        if (dialect == Smb2Dialect.Wildcard)
        {
            connection.AwaitsSecondNegotiate = true;
        }
        else if (connection.TryPublish(negotiated))
        {
            NegotiateReport.Agreed(services, connection);
        }
        else
        {
            return false;
        }

        var response = loop.Output.Buffers.Rent();
        var header = response.Append(Smb2Header.Size).Span;
        Smb2Header.WriteSync(
            header, Smb2Command.Negotiate, NtStatus.Success, Smb2HeaderFlags.None, 0, connection.Credits.Grant(1), 0, 0, 0, 0);
        var body = response.Append(answer.MaxSize).Span;
        response.Truncate(Smb2Header.Size + answer.Write(body, negotiated, default));
        loop.Output.Send(response);
        return true;
    }
}
