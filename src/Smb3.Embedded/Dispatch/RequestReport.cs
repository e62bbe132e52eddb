using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Tells the log why a request was refused before any handler saw it. Separate from the pipeline, which pays nothing for it while all is
/// well; what is written later holds names and an address, but nothing of the request, which is reused.
/// </summary>
internal static class RequestReport
{
    /// <summary>The signature is wrong, or missing where it must be.</summary>
    public static void Unprotected(RefusalLog log, Request request, Session session)
    {
        var command = RequestPipeline.NameOf(request.Command);
        var user = UserOf(session);
        var remote = request.Connection.RemoteEndPoint;
        if (request.IsSigned)
        {
            log.Tell(
                request.Connection, nameof(RefusalMessages.WrongSignature), user.ToString(),
                (logger, repeats) => RefusalMessages.WrongSignature(logger, command, user, remote, repeats));
        }
        else
        {
            log.Tell(
                request.Connection, nameof(RefusalMessages.NotSigned), user.ToString(),
                (logger, repeats) => RefusalMessages.NotSigned(logger, command, user, remote, repeats));
        }
    }

    /// <summary>The request came in the clear, where the session or the share encrypts.</summary>
    public static void InTheClear(RefusalLog log, Request request, Session session, string? shareName)
    {
        var command = RequestPipeline.NameOf(request.Command);
        var user = UserOf(session);
        var share = shareName is null ? LogText.Ours("(any)") : shareName;
        var remote = request.Connection.RemoteEndPoint;
        log.Tell(
            request.Connection, nameof(RefusalMessages.NotEncrypted), user.ToString(),
            (logger, repeats) => RefusalMessages.NotEncrypted(logger, command, user, remote, share, repeats));
    }

    /// <summary>The data beside the request is not what the client has protected.</summary>
    public static void ChangedData(RefusalLog log, Request request, Session session)
    {
        var command = RequestPipeline.NameOf(request.Command);
        var user = UserOf(session);
        var remote = request.Connection.RemoteEndPoint;
        log.Tell(
            request.Connection, nameof(RefusalMessages.ChangedData), user.ToString(),
            (logger, repeats) => RefusalMessages.ChangedData(logger, command, user, remote, repeats));
    }

    /// <summary>The connection ends because of what came over it.</summary>
    public static void Violation(RefusalLog log, Connection connection, ConnectionEndReason reason)
    {
        if (connection.Negotiated is null && !connection.AwaitsSecondNegotiate)
        {
            NotSmb(log, connection, reason);
            return;
        }

        var id = connection.Id;
        var remote = connection.RemoteEndPoint;
        if (reason == ConnectionEndReason.NegotiateMismatch)
        {
            log.Tell(
                connection, nameof(RefusalMessages.NegotiateTampered), null,
                (logger, repeats) => RefusalMessages.NegotiateTampered(logger, remote, repeats));
            return;
        }

        var text = reason.ToString();
        log.Tell(
            connection, nameof(RefusalMessages.ProtocolViolation), text,
            (logger, repeats) => RefusalMessages.ProtocolViolation(logger, id, remote, text, repeats));
    }

    /// <summary>
    /// The connection ends before anything was agreed over it: whatever it was, the log has one line for its address, not one for each
    /// connection.
    /// </summary>
    public static void NotSmb(RefusalLog log, Connection connection, ConnectionEndReason reason)
    {
        if (connection.IsExplained)
        {
            return;
        }

        var remote = connection.RemoteEndPoint;
        var text = reason.ToString();
        log.Tell(
            connection, nameof(RefusalMessages.NotSmb), null,
            (logger, repeats) => RefusalMessages.NotSmb(logger, remote, text, repeats));
    }

    private static LogText UserOf(Session session) => session.Identity?.ForLog ?? LogText.Ours("(unknown)");
}
