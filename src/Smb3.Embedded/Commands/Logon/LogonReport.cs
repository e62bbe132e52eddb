using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;

namespace Smb3.Embedded.Commands.Logon;

/// <summary>
/// Tells the log why a logon was refused. What it writes later holds names and an address, and no reference to the session.
/// </summary>
internal static class LogonReport
{
    /// <summary>The service that the client wanted, as it says.</summary>
    public static LogText ServiceOf(in AuthenticationStep step) => step.Service is { } service ? service : LogText.Ours("(no service named)");

    public static void Failed(RefusalLog log, Connection connection, in AuthenticationStep step)
    {
        var remote = connection.RemoteEndPoint;
        var user = step.Identity?.ForLog ?? LogText.Ours("(unknown)");
        LogText machine = step.Identity?.WorkstationName;
        var who = step.Identity?.ToString();
        var until = step.Until;
        var detail = step.Detail ?? "";
        var service = ServiceOf(step);
        switch (step.Failure)
        {
            case AuthenticationFailure.WrongPassword:
                log.Tell(
                    connection, nameof(RefusalMessages.WrongPassword), who,
                    (logger, repeats) => RefusalMessages.WrongPassword(logger, user, remote, machine, repeats));
                break;
            case AuthenticationFailure.UnknownUser:
                log.Tell(
                    connection, nameof(RefusalMessages.UnknownUser), who,
                    (logger, repeats) => RefusalMessages.UnknownUser(logger, user, remote, machine, repeats));
                break;
            case AuthenticationFailure.AccountDisabled:
                log.Tell(
                    connection, nameof(RefusalMessages.AccountDisabled), who,
                    (logger, repeats) => RefusalMessages.AccountDisabled(logger, user, remote, machine, repeats));
                break;
            case AuthenticationFailure.TooWeak:
                log.Tell(
                    connection, nameof(RefusalMessages.OldNtlm), who,
                    (logger, repeats) => RefusalMessages.OldNtlm(logger, user, remote, machine, repeats));
                break;
            case AuthenticationFailure.NoSessionSecurity:
                log.Tell(
                    connection, nameof(RefusalMessages.NoSessionSecurity), null,
                    (logger, repeats) => RefusalMessages.NoSessionSecurity(logger, remote, repeats));
                break;
            case AuthenticationFailure.NoCommonMechanism:
                log.Tell(
                    connection, nameof(RefusalMessages.NoCommonMechanism), detail,
                    (logger, repeats) => RefusalMessages.NoCommonMechanism(logger, remote, detail, repeats));
                break;
            case AuthenticationFailure.TicketRefused or AuthenticationFailure.ClockSkew:
                log.Tell(
                    connection, nameof(RefusalMessages.TicketRefused), detail,
                    (logger, repeats) => RefusalMessages.TicketRefused(logger, user, remote, service, detail, repeats));
                break;
            case AuthenticationFailure.NoLogonServer:
                log.Tell(
                    connection, nameof(RefusalMessages.NoLogonServer), detail,
                    (logger, repeats) => RefusalMessages.NoLogonServer(logger, user, remote, machine, detail, repeats));
                break;
            case AuthenticationFailure.AccountRefused:
                log.Tell(
                    connection, nameof(RefusalMessages.AccountRefused), who,
                    (logger, repeats) => RefusalMessages.AccountRefused(logger, user, remote, machine, detail, repeats));
                break;
            case AuthenticationFailure.Throttled:
                // Not by name: somebody who tries a list of names must not cause a line for each.
                log.Tell(
                    connection, nameof(RefusalMessages.Throttled), null,
                    (logger, repeats) => RefusalMessages.Throttled(logger, user, remote, until, repeats));
                break;
            case AuthenticationFailure.Tampered:
                log.Tell(
                    connection, nameof(RefusalMessages.LogonTampered), who,
                    (logger, repeats) => RefusalMessages.LogonTampered(logger, user, remote, machine, repeats));
                break;
            case AuthenticationFailure.BadToken:
                log.Tell(
                    connection, nameof(RefusalMessages.MalformedToken), null,
                    (logger, repeats) => RefusalMessages.MalformedToken(logger, remote, repeats));
                break;
        }
    }

    public static void AnonymousRefused(RefusalLog log, Connection connection, SmbIdentity identity)
    {
        var remote = connection.RemoteEndPoint;
        LogText machine = identity.WorkstationName;
        log.Tell(
            connection, nameof(RefusalMessages.AnonymousRefused), null,
            (logger, repeats) => RefusalMessages.AnonymousRefused(logger, remote, machine, repeats));
    }

    public static void GuestRefused(RefusalLog log, Connection connection, SmbIdentity identity)
    {
        var remote = connection.RemoteEndPoint;
        var user = identity.ForLog;
        log.Tell(
            connection, nameof(RefusalMessages.GuestRefused), null,
            (logger, repeats) => RefusalMessages.GuestRefused(logger, user, remote, repeats));
    }

    public static void RefusedByHost(RefusalLog log, Connection connection, SmbIdentity identity)
    {
        var remote = connection.RemoteEndPoint;
        var user = identity.ForLog;
        log.Tell(
            connection, nameof(RefusalMessages.LogonRefusedByHost), identity.ToString(),
            (logger, repeats) => RefusalMessages.LogonRefusedByHost(logger, user, remote, repeats));
    }

    public static void RefusedByPolicy(RefusalLog log, Connection connection, in AuthenticationStep step, LogonDemand demand)
    {
        var remote = connection.RemoteEndPoint;
        var local = connection.LocalEndPoint;
        var token = step.Token!;
        var service = ServiceOf(step);
        var user = token.Identity.ForLog;
        var mechanism = token.Mechanism;
        var reason = demand == LogonDemand.Encryption ? "the session must be encrypted, and cannot be" : "it may not log on with that";
        log.Tell(
            connection, nameof(RefusalMessages.LogonRefusedByPolicy), token.Identity.ToString(),
            (logger, repeats) => RefusalMessages.LogonRefusedByPolicy(logger, user, remote, local, mechanism, service, reason, repeats));
    }

    public static void CannotEncrypt(RefusalLog log, Connection connection)
    {
        var remote = connection.RemoteEndPoint;
        var dialect = HookFacts.TextOf(connection.Negotiated?.Dialect);
        log.Tell(
            connection, nameof(RefusalMessages.CannotEncrypt), null,
            (logger, repeats) => RefusalMessages.CannotEncrypt(logger, remote, dialect, repeats));
    }

    public static void TooManySessions(RefusalLog log, Connection connection)
    {
        var remote = connection.RemoteEndPoint;
        log.Tell(
            connection, nameof(RefusalMessages.TooManySessions), null,
            (logger, repeats) => RefusalMessages.TooManySessions(logger, remote, repeats));
    }

    public static void OtherUser(RefusalLog log, Connection connection, SmbIdentity first, SmbIdentity other)
    {
        var remote = connection.RemoteEndPoint;
        var user = first.ForLog;
        var otherUser = other.ForLog;
        log.Tell(
            connection, nameof(RefusalMessages.OtherUser), first.ToString(),
            (logger, repeats) => RefusalMessages.OtherUser(logger, user, remote, otherUser, repeats));
    }
}
