using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Diagnostics;

/// <summary>
/// Every log message of the library but refusals (<see cref="RefusalMessages"/>). Event ids do not change. Text that a client chose is
/// <see cref="LogText"/>.
/// </summary>
internal static partial class ServerLog
{
    [LoggerMessage(1, LogLevel.Information, "Listening on {EndPoint}.")]
    public static partial void Listening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(7, LogLevel.Information, "The witness service listens on {EndPoint}.")]
    public static partial void WitnessListening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(8, LogLevel.Information, "The endpoint mapper of the witness service listens on {EndPoint}.")]
    public static partial void EndpointMapperListening(ILogger logger, EndPoint endPoint);

    [LoggerMessage(
        9,
        LogLevel.Warning,
        "The endpoint mapper of the witness service cannot listen on {EndPoint} ({Error}): clients will not find the service by themselves. Run "
            + "with the right to the port, stop the program that has it, or give the mapper another with Witness:EndpointMapperPort.")]
    public static partial void EndpointMapperNotBound(ILogger logger, EndPoint endPoint, SocketError error);

    [LoggerMessage(2, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(3, LogLevel.Warning, "{Running} requests still ran after {Timeout}; their connections were closed.")]
    public static partial void DrainTimedOut(ILogger logger, int running, TimeSpan timeout);

    [LoggerMessage(4, LogLevel.Error, "{Count} connections did not end: a store does not come back. They were left behind.")]
    public static partial void ConnectionsLeft(ILogger logger, int count);

    [LoggerMessage(6, LogLevel.Error, "Not everything that was open could be closed: a store does not come back. It was left behind.")]
    public static partial void SharesLeft(ILogger logger);

    [LoggerMessage(5, LogLevel.Critical, "Listening on {EndPoint} ended by a fault; the other end points go on.")]
    public static partial void ListenerFault(ILogger logger, Exception exception, EndPoint endPoint);

    [LoggerMessage(10, LogLevel.Debug, "Connection {ConnectionId} from {Remote}.")]
    public static partial void ConnectionOpened(ILogger logger, ulong connectionId, EndPoint remote);

    [LoggerMessage(11, LogLevel.Debug, "Connection {ConnectionId} from {Remote} ended: {Reason}.")]
    public static partial void ConnectionEnded(ILogger logger, ulong connectionId, EndPoint remote, string reason);

    [LoggerMessage(20, LogLevel.Information, "{User} logged on from {Remote} with {Mechanism} for {Service}, session {SessionId}, {Dialect}.")]
    public static partial void LoggedOn(
        ILogger logger, LogText user, EndPoint remote, string mechanism, LogText service, ulong sessionId, string dialect);

    [LoggerMessage(23, LogLevel.Warning, "RPC logon of {User} from {Address} refused: {Reason}.")]
    public static partial void RpcLogonRefused(ILogger logger, LogText user, IPAddress? address, LogText reason);

    [LoggerMessage(22, LogLevel.Information, "{User} logged off, session {SessionId}.")]
    public static partial void LoggedOff(ILogger logger, LogText user, ulong sessionId);

    [LoggerMessage(30, LogLevel.Debug, "{User} connected to share {Share}.")]
    public static partial void TreeConnected(ILogger logger, LogText user, LogText share);

    [LoggerMessage(
        35,
        LogLevel.Warning,
        "'{Path}' of '{Volume}' was to be deleted with its last close and is still there: {Status}. Its name can be opened again.")]
    public static partial void RemovalFailed(ILogger logger, LogText path, LogText volume, string status);

    [LoggerMessage(
        34,
        LogLevel.Warning,
        "'{Path}' of '{Volume}' was closed, and what was written since its last flush could not be put in the store: {Status}. It is lost.")]
    public static partial void CloseFailed(ILogger logger, LogText path, LogText volume, string status);

    [LoggerMessage(
        95,
        LogLevel.Warning,
        "'{Path}' of share '{Share}', which was open before the server came up, cannot be opened again: {Status}. Its client has lost it, unless it had closed it and was not answered.")]
    public static partial void OpenNotRestored(ILogger logger, LogText path, LogText share, string status);

    [LoggerMessage(
        96,
        LogLevel.Warning,
        "The record {Key} of an open of '{Volume}' is damaged or of a later version (its first byte is {Found}, this program reads {Read}): its "
            + "client has lost the open.")]
    public static partial void RecordUnreadable(ILogger logger, LogText key, LogText volume, byte found, byte read);

    [LoggerMessage(
        97,
        LogLevel.Error,
        "What clients have open on '{Volume}' cannot be kept: the state store fails. It is tried again; until then their requests fail.")]
    public static partial void StateNotKept(ILogger logger, Exception exception, LogText volume);

    [LoggerMessage(
        43,
        LogLevel.Warning,
        "{User} gets no more persistent handles: there are {Count}, and no more are allowed (Limits:MaxPersistentOpens, MaxPersistentOpensPerUser). "
            + "Files are opened without.")]
    public static partial void PersistentRefused(ILogger logger, LogText user, int count);

    [LoggerMessage(98, LogLevel.Information, "What clients have open on '{Volume}' is kept again.")]
    public static partial void StateKeptAgain(ILogger logger, LogText volume);

    [LoggerMessage(99, LogLevel.Error, "The opens of '{Volume}' were taken over by another server: it is not served here any more.")]
    public static partial void StateFenced(ILogger logger, LogText volume);

    [LoggerMessage(
        70,
        LogLevel.Information,
        "{Restored} opens of '{Volume}' are back from before and wait for their clients, {Dropped} are lost; it took {Took}.")]
    public static partial void Recovered(ILogger logger, LogText volume, int restored, int dropped, TimeSpan took);

    [LoggerMessage(71, LogLevel.Information, "{Done} of {Count} opens of '{Volume}' are back from before.")]
    public static partial void RecoveryProgress(ILogger logger, LogText volume, int done, int count);

    [LoggerMessage(
        72,
        LogLevel.Error,
        "What clients have open could not be handed on to the next start: a store does not come back. What the state store has is what comes back.")]
    public static partial void OpensLeft(ILogger logger);

    [LoggerMessage(36, LogLevel.Debug, "'{Path}' of '{Volume}' did not get the times or attributes that its close gives it: {Status}.")]
    public static partial void CloseIncomplete(ILogger logger, LogText path, LogText volume, string status);

    [LoggerMessage(
        37,
        LogLevel.Warning,
        "Share {Share}: {Folder} is not there any more, or is the bare mount point of a disk that is not mounted. Everything that was open "
            + "on it has ended, and clients are refused until it is back. Mount or restore it; to share something else from now on, remove the "
            + "share and add it again.")]
    public static partial void PlaceMissing(ILogger logger, LogText share, LogText folder);

    [LoggerMessage(
        38,
        LogLevel.Warning,
        "Share {Share}: something else is at {Folder} now. Everything that was open on the old one has ended; clients connect again.")]
    public static partial void PlaceReplaced(ILogger logger, LogText share, LogText folder);

    [LoggerMessage(39, LogLevel.Information, "Share {Share}: what is at {Folder} now is served.")]
    public static partial void PlaceServed(ILogger logger, LogText share, LogText folder);

    [LoggerMessage(41, LogLevel.Warning, "Share {Share}: {Folder} is there but cannot be opened; it is tried again.")]
    public static partial void PlaceUnusable(ILogger logger, Exception exception, LogText share, LogText folder);

    [LoggerMessage(40, LogLevel.Trace, "{ConnectionId}: {Command} {MessageId} -> {Status}.")]
    public static partial void Answered(ILogger logger, ulong connectionId, string command, ulong messageId, string status);

    [LoggerMessage(60, LogLevel.Warning, "{Path}: its attribute {Attribute} is malformed and is ignored; \"setfattr -x {Attribute}\" removes it.")]
    public static partial void AttributeIgnored(ILogger logger, LogText path, LogText attribute);

    [LoggerMessage(
        62, LogLevel.Error,
        "{Path}: the limits of quotas in it cannot be read ({Problem}); those known before hold, and none can be changed until the file is "
            + "mended, brought back from a backup, or removed.")]
    public static partial void QuotaLimitsDamaged(ILogger logger, LogText path, LogText problem);

    [LoggerMessage(63, LogLevel.Warning, "What owners of files use is not all counted: {Place} cannot be read.")]
    public static partial void QuotaCountIncomplete(ILogger logger, LogText place);

    [LoggerMessage(64, LogLevel.Error, "What owners of files use could not be counted.")]
    public static partial void QuotaCountFailed(ILogger logger, Exception exception);

    [LoggerMessage(65, LogLevel.Warning, "Share {Share}: {Problem}")]
    public static partial void ShareProblem(ILogger logger, LogText share, LogText problem);

    [LoggerMessage(90, LogLevel.Error, "{Command} of connection {ConnectionId} failed; the client gets {Status}.")]
    public static partial void RequestFault(ILogger logger, Exception exception, string command, ulong connectionId, string status);

    [LoggerMessage(91, LogLevel.Error, "Connection {ConnectionId} ended by a fault of the server.")]
    public static partial void ConnectionFault(ILogger logger, Exception exception, ulong connectionId);

    [LoggerMessage(93, LogLevel.Error, "Closing an open that waited for its client failed.")]
    public static partial void OpenFault(ILogger logger, Exception exception);

    [LoggerMessage(94, LogLevel.Error, "An RPC interface failed; the client gets a fault.")]
    public static partial void RpcFault(ILogger logger, Exception exception);

    [LoggerMessage(92, LogLevel.Error, "The hook {Hook} failed; the {What} is refused.")]
    public static partial void HookFault(ILogger logger, Exception exception, string hook, string what);

    [LoggerMessage(61, LogLevel.Warning, "{Shortage}")]
    public static partial void MachineLacks(ILogger logger, string shortage);

    [LoggerMessage(281, LogLevel.Warning, "The keytab has changed and could not be read: {Problem} The keys from before are used.")]
    public static partial void KeytabNotRead(ILogger logger, LogText problem);

    [LoggerMessage(300, LogLevel.Warning, "The directory cannot be asked for names and SIDs: {Problem}. Clients see SIDs in place of its names, and shares with permissions of its groups stay closed until they are known.")]
    public static partial void DirectoryFails(ILogger logger, LogText problem);

    [LoggerMessage(304, LogLevel.Error, "Asking a domain to check a logon failed; the client is told that there are no logon servers.")]
    public static partial void DomainLogonFault(ILogger logger, Exception exception);

    [LoggerMessage(305, LogLevel.Information, "User {User} has changed: {Count} sessions were ended.")]
    public static partial void UserChanged(ILogger logger, LogText user, int count);

    [LoggerMessage(306, LogLevel.Error, "Ending the sessions of a user who has changed failed.")]
    public static partial void UserChangeFault(ILogger logger, Exception exception);

    [LoggerMessage(307, LogLevel.Warning, "Others than its owner can read the file of users {File}, and so log on as everybody in it. Let only the server's user read it.")]
    public static partial void UsersFileIsOpen(ILogger logger, LogText file);

    [LoggerMessage(308, LogLevel.Information, "The file of users {File} has changed: there are {Count} users in it.")]
    public static partial void UsersFileRead(ILogger logger, LogText file, int count);

    [LoggerMessage(309, LogLevel.Warning, "The file of users has changed and could not be read: {Problem} The users from before go on.")]
    public static partial void UsersFileNotRead(ILogger logger, LogText problem);

    [LoggerMessage(329, LogLevel.Error, "{Companion}, which lives beside the server, has failed or does not come back; the server goes on without it.")]
    public static partial void CompanionFault(ILogger logger, Exception exception, string companion);

    [LoggerMessage(301, LogLevel.Information, "The directory answers again.")]
    public static partial void DirectoryAnswers(ILogger logger);
}
