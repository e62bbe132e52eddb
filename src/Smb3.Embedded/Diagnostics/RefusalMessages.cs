using System.Net;
using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Diagnostics;

/// <summary>
/// Why a client was turned away, and what an administrator can do about it. Event ids do not change; 21 was one for all refused logons. Names that clients chose are
/// <see cref="LogText"/>.
/// </summary>
internal static partial class RefusalMessages
{
    [LoggerMessage(100, LogLevel.Information, "Logon of {User} from {Remote} (machine {Workstation}) refused: wrong password. If it is not a typing error, a client has kept an old password.{Repeats}")]
    public static partial void WrongPassword(ILogger logger, LogText user, EndPoint remote, LogText workstation, Repeats repeats);

    [LoggerMessage(101, LogLevel.Information, "Logon of {User} from {Remote} (machine {Workstation}) refused: there is no such user. Add the user, or let unknown ones in as guests (AllowGuest).{Repeats}")]
    public static partial void UnknownUser(ILogger logger, LogText user, EndPoint remote, LogText workstation, Repeats repeats);

    [LoggerMessage(102, LogLevel.Information, "Logon of {User} from {Remote} (machine {Workstation}) refused: the account is disabled. The password was right; enable the account.{Repeats}")]
    public static partial void AccountDisabled(ILogger logger, LogText user, EndPoint remote, LogText workstation, Repeats repeats);

    [LoggerMessage(103, LogLevel.Information, "Logon of {User} from {Remote} (machine {Workstation}) refused: the client answers with LM or NTLMv1, which is too weak. Let it use NTLMv2 (Windows: LmCompatibilityLevel 3 or more; Samba: client NTLMv2 auth = yes).{Repeats}")]
    public static partial void OldNtlm(ILogger logger, LogText user, EndPoint remote, LogText workstation, Repeats repeats);

    [LoggerMessage(104, LogLevel.Information, "Logon from {Remote} refused: the client offers NTLM without extended session security, which is too weak. Let it use NTLMv2 session security (Windows: NtlmMinClientSec), or update it.{Repeats}")]
    public static partial void NoSessionSecurity(ILogger logger, EndPoint remote, Repeats repeats);

    [LoggerMessage(105, LogLevel.Information, "Logon from {Remote} refused: no common mechanism. The client offers {Mechanisms}, and this server does not have that. For Kerberos set Kerberos:Keytab; or allow NTLM on the client (smbclient: --use-kerberos=off; Windows: no \"Restrict NTLM\" policy).{Repeats}")]
    public static partial void NoCommonMechanism(ILogger logger, EndPoint remote, string mechanisms, Repeats repeats);

    [LoggerMessage(280, LogLevel.Information, "Logon of {User} from {Remote} with a Kerberos ticket for {Service} refused: {Reason}.{Repeats}")]
    public static partial void TicketRefused(ILogger logger, LogText user, EndPoint remote, LogText service, LogText reason, Repeats repeats);

    [LoggerMessage(302, LogLevel.Warning, "Logon of {User} from {Remote} (machine {Workstation}) refused: the user's domain could not be asked: {Reason}.{Repeats}")]
    public static partial void NoLogonServer(ILogger logger, LogText user, EndPoint remote, LogText workstation, LogText reason, Repeats repeats);

    [LoggerMessage(303, LogLevel.Information, "Logon of {User} from {Remote} (machine {Workstation}) refused by the user's domain: {Reason}.{Repeats}")]
    public static partial void AccountRefused(ILogger logger, LogText user, EndPoint remote, LogText workstation, LogText reason, Repeats repeats);

    [LoggerMessage(106, LogLevel.Information, "Logon of {User} from {Remote} refused by the throttle, without a look at the password: too many have failed from there. Logons from there are refused until {Until:u}; LogonThrottle:FailuresPerAddress sets how many it takes.{Repeats}")]
    public static partial void Throttled(ILogger logger, LogText user, EndPoint remote, DateTimeOffset until, Repeats repeats);

    [LoggerMessage(107, LogLevel.Warning, "Logon of {User} from {Remote} (machine {Workstation}) refused: its integrity code (MIC) is missing or wrong. Somebody between client and server changes the messages, or the client is broken.{Repeats}")]
    public static partial void LogonTampered(ILogger logger, LogText user, EndPoint remote, LogText workstation, Repeats repeats);

    [LoggerMessage(108, LogLevel.Information, "Logon from {Remote} refused: its token is malformed.{Repeats}")]
    public static partial void MalformedToken(ILogger logger, EndPoint remote, Repeats repeats);

    [LoggerMessage(109, LogLevel.Information, "Anonymous logon from {Remote} (machine {Workstation}) refused. Let the client name a user, or set AllowAnonymous.{Repeats}")]
    public static partial void AnonymousRefused(ILogger logger, EndPoint remote, LogText workstation, Repeats repeats);

    [LoggerMessage(110, LogLevel.Information, "Logon of {User} from {Remote} as a guest refused: signing or encryption is required, and a guest has no key for it. Add the user, or do not require them (Signing, Encryption).{Repeats}")]
    public static partial void GuestRefused(ILogger logger, LogText user, EndPoint remote, Repeats repeats);

    [LoggerMessage(111, LogLevel.Information, "Logon from {Remote} refused: encryption is required, and the client cannot encrypt ({Dialect}). Update it, turn its encryption on, or do not require it (Encryption).{Repeats}")]
    public static partial void CannotEncrypt(ILogger logger, EndPoint remote, string dialect, Repeats repeats);

    [LoggerMessage(112, LogLevel.Information, "Logon of {User} from {Remote} refused by the host's OnLogonAsync.{Repeats}")]
    public static partial void LogonRefusedByHost(ILogger logger, LogText user, EndPoint remote, Repeats repeats);

    [LoggerMessage(310, LogLevel.Information, "Logon of {User} from {Remote} at {Local} with {Mechanism} for {Service} refused by LogonPolicies: {Reason}.{Repeats}")]
    public static partial void LogonRefusedByPolicy(
        ILogger logger, LogText user, EndPoint remote, EndPoint local, string mechanism, LogText service, string reason, Repeats repeats);

    [LoggerMessage(113, LogLevel.Information, "Logon from {Remote} refused: its connection has as many sessions as it may have. Limits:MaxSessionsPerConnection sets how many.{Repeats}")]
    public static partial void TooManySessions(ILogger logger, EndPoint remote, Repeats repeats);

    [LoggerMessage(114, LogLevel.Information, "A channel of {User} from {Remote} refused: the user who logged on there is {Other}, and a session has one user.{Repeats}")]
    public static partial void OtherUser(ILogger logger, LogText user, EndPoint remote, LogText other, Repeats repeats);

    [LoggerMessage(120, LogLevel.Information, "{Remote} speaks only SMB1 (it offers no SMB 2 dialect), which is not spoken here. Turn SMB 2 or 3 on in the client, or update it.{Repeats}")]
    public static partial void Smb1Only(ILogger logger, EndPoint remote, Repeats repeats);

    [LoggerMessage(121, LogLevel.Information, "{Remote} offers no dialect that is spoken here: it has {Offered}, this server {MinDialect} to {MaxDialect} (MinDialect, MaxDialect).{Repeats}")]
    public static partial void NoCommonDialect(ILogger logger, EndPoint remote, string offered, string minDialect, string maxDialect, Repeats repeats);

    [LoggerMessage(122, LogLevel.Information, "{Remote} is refused because it speaks at most dialect {Highest}, below MinDialect {MinDialect}. Update the client, turn its newer dialects on, or lower MinDialect.{Repeats}")]
    public static partial void BelowMinDialect(ILogger logger, EndPoint remote, string highest, string minDialect, Repeats repeats);

    [LoggerMessage(123, LogLevel.Information, "{Remote} connected and spoke no SMB ({Reason}): a port scan, a health check, or a client of something else.{Repeats}")]
    public static partial void NotSmb(ILogger logger, EndPoint remote, string reason, Repeats repeats);

    [LoggerMessage(124, LogLevel.Information, "NEGOTIATE of {Remote} refused: its contexts are malformed, or have no hash that is known here ({Status}).{Repeats}")]
    public static partial void NegotiateRefused(ILogger logger, EndPoint remote, string status, Repeats repeats);

    [LoggerMessage(125, LogLevel.Warning, "What {Remote} says it negotiated is not what arrived here: somebody between client and server changes the messages. The connection is closed.{Repeats}")]
    public static partial void NegotiateTampered(ILogger logger, EndPoint remote, Repeats repeats);

    [LoggerMessage(126, LogLevel.Warning, "An RDMA connection of {Remote} was ended: {Reason}{Repeats}")]
    public static partial void RdmaRefused(ILogger logger, EndPoint remote, string reason, Repeats repeats);

    [LoggerMessage(130, LogLevel.Warning, "{Command} of {User} from {Remote} has a wrong signature: somebody between client and server changes the messages, did so with NEGOTIATE (whose hash is a part of the key), or the client has another key. The request is refused.{Repeats}")]
    public static partial void WrongSignature(ILogger logger, string command, LogText user, EndPoint remote, Repeats repeats);

    [LoggerMessage(131, LogLevel.Information, "{Command} of {User} from {Remote} refused: it is not signed, and the session requires it.{Repeats}")]
    public static partial void NotSigned(ILogger logger, string command, LogText user, EndPoint remote, Repeats repeats);

    [LoggerMessage(132, LogLevel.Information, "{Command} of {User} from {Remote} refused: it is not encrypted, and the session or share {Share} requires it (Encryption, Encrypt). Turn encryption on in the client.{Repeats}")]
    public static partial void NotEncrypted(ILogger logger, string command, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(133, LogLevel.Warning, "{Command} of {User} from {Remote} refused: the data that came beside it by RDMA is not what the client has signed or encrypted.{Repeats}")]
    public static partial void ChangedData(ILogger logger, string command, LogText user, EndPoint remote, Repeats repeats);

    [LoggerMessage(13, LogLevel.Warning, "Connection {ConnectionId} from {Remote} broke the protocol: {Reason}.{Repeats}")]
    public static partial void ProtocolViolation(ILogger logger, ulong connectionId, EndPoint remote, string reason, Repeats repeats);

    [LoggerMessage(140, LogLevel.Information, "{User} from {Remote} asked for share {Share}, which is not there. Check the name on the client, or add the share.{Repeats}")]
    public static partial void UnknownShare(ILogger logger, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(31, LogLevel.Information, "{User} from {Remote} may not use share {Share}. Give the user or a group the right to (Users, Groups, Others of the share).{Repeats}")]
    public static partial void ShareForbidden(ILogger logger, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(142, LogLevel.Information, "{User} from {Remote} may not use share {Share}: it has no guests. Let the client log on as a user, or set AllowGuest of the share.{Repeats}")]
    public static partial void ShareWithoutGuests(ILogger logger, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(143, LogLevel.Information, "{User} from {Remote} may not use share {Share}: it demands encryption, which the session cannot have ({Dialect}). Use a client with SMB 3 and encryption, log on as a user, or drop Encrypt of the share.{Repeats}")]
    public static partial void ShareDemandsSealing(ILogger logger, LogText user, EndPoint remote, LogText share, string dialect, Repeats repeats);

    [LoggerMessage(144, LogLevel.Information, "{User} from {Remote} may not use share {Share}: the host's OnTreeConnectAsync refused it.{Repeats}")]
    public static partial void ShareRefusedByHost(ILogger logger, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(145, LogLevel.Information, "{User} from {Remote} may not use share {Share}: it has as many users as it may have. MaxUsers of the share sets how many.{Repeats}")]
    public static partial void ShareFull(ILogger logger, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(146, LogLevel.Information, "{User} from {Remote} may not use share {Share}: the session has as many tree connects as it may have. Limits:MaxTreeConnectsPerSession sets how many.{Repeats}")]
    public static partial void TooManyTreeConnects(ILogger logger, LogText user, EndPoint remote, LogText share, Repeats repeats);

    [LoggerMessage(12, LogLevel.Warning, "Connection from {Remote} refused: there are {Count} already. Limits:MaxConnections sets how many there may be.{Repeats}")]
    public static partial void TooManyConnections(ILogger logger, EndPoint remote, int count, Repeats repeats);

    [LoggerMessage(151, LogLevel.Information, "Connection from {Remote} refused: there are {Limit} from that address already. Limits:MaxConnectionsPerAddress sets how many there may be.{Repeats}")]
    public static partial void TooManyFromAddress(ILogger logger, EndPoint remote, int limit, Repeats repeats);

    [LoggerMessage(152, LogLevel.Information, "Connection from {Remote} refused by the host's OnConnectingAsync.{Repeats}")]
    public static partial void ConnectionRefusedByHost(ILogger logger, EndPoint remote, Repeats repeats);

    [LoggerMessage(153, LogLevel.Information, "{Remote} connected and did not log on in time. Limits:AuthenticationTimeout sets how long it may take.{Repeats}")]
    public static partial void NoLogonInTime(ILogger logger, EndPoint remote, Repeats repeats);
}
