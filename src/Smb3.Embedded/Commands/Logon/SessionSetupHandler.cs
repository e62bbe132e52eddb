using System.Security.Cryptography;
using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Security.Users;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.Wire.Session;
using Session = Smb3.Embedded.Sessions.Session;

namespace Smb3.Embedded.Commands.Logon;

/// <summary>
/// SESSION_SETUP (MS-SMB2 3.3.5.5): a logon, in as many steps as it takes, and the re-authentication of an existing session.
/// </summary>
internal sealed class SessionSetupHandler(CommandServices services) : ICommandHandler
{
    private readonly SessionBindHandler _bind = new(services);

    public async ValueTask<NtStatus> HandleAsync(Request request)
    {
        var connection = request.Connection;
        var negotiated = connection.Negotiated!;
        if (!SessionSetupRequest.TryParse(request.Message.Span, out var setup))
        {
            return NtStatus.InvalidParameter;
        }

        var token = TokenOf(request, setup);
        var previousSessionId = setup.PreviousSessionId;
        var clientMode = setup.SecurityMode;
        var binding = (setup.Flags & SessionSetupRequestFlags.Binding) != 0;
        if (services.Settings.Encryption == EncryptionPolicy.Required && !negotiated.CanEncrypt)
        {
            LogonReport.CannotEncrypt(services.Refusals, connection);
            return NtStatus.AccessDenied;
        }

        if (binding)
        {
            return await _bind.HandleAsync(request, token).ConfigureAwait(false);
        }

        if (request.SessionId == 0
            && !await UnfinishedLogons.MakeRoomAsync(connection, services.Settings.Limits.MaxUnfinishedLogons).ConfigureAwait(false))
        {
            return NtStatus.InsufficientResources;
        }

        var status = FindSession(request, out var session);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // One step at a time: a client that does not wait for the answer would have two steps of one exchange run concurrently.
        if (!session.TryBeginSetup())
        {
            return NtStatus.RequestNotAccepted;
        }

        try
        {
            return await StepAsync(request, session, token, previousSessionId, clientMode).ConfigureAwait(false);
        }
        finally
        {
            session.EndSetup();
        }
    }

    public SigningParty? SignedBy(Request request)
    {
        if (request.SessionId == 0 || !SessionSetupRequest.TryParse(request.Message.Span, out var setup))
        {
            return null;
        }

        if ((setup.Flags & SessionSetupRequestFlags.Binding) != 0)
        {
            return SessionBindHandler.SignedBy(request);
        }

        return request.Connection.Sessions.TryGetValue(request.SessionId, out var session)
            && request.TryUse(session)
            && session.ChannelOn(request.Connection) is { } channel
            && request.TryUse(channel)
                ? new SigningParty(session, channel)
                : null;
    }

    private static ReadOnlyMemory<byte> TokenOf(Request request, in SessionSetupRequest setup)
    {
        var buffer = setup.SecurityBuffer;
        if (buffer.IsEmpty)
        {
            return default;
        }

        // The same bytes as memory, because the exchange may wait for a user store.
        request.Message.Span.Overlaps(buffer, out var offset);
        return request.Message.Slice(offset, buffer.Length);
    }

    private NtStatus FindSession(Request request, out Session session)
    {
        var connection = request.Connection;
        if (request.SessionId == 0)
        {
            session = null!;
            if (connection.Sessions.Count >= services.Settings.Limits.MaxSessionsPerConnection)
            {
                LogonReport.TooManySessions(services.Refusals, connection);
                return NtStatus.InsufficientResources;
            }

            session = request.Graph.AddSession(connection);
            request.SessionId = session.SessionId;
            request.TryUse(session);
            request.Session = session;
            return NtStatus.Success;
        }

        if (!connection.Sessions.TryGetValue(request.SessionId, out session!) || !request.TryUse(session))
        {
            return NtStatus.UserSessionDeleted;
        }

        request.Session = session;
        request.Channel = session.ChannelOn(connection) is { } channel && request.TryUse(channel) ? channel : null;
        if (session.State is SessionState.InProgress)
        {
            return NtStatus.Success;
        }

        // A re-authentication is a request of the session like any other: signed or sealed, by its own keys, where the session says so.
        if (request.IsEncrypted)
        {
            return request.EncryptedBy == session ? NtStatus.Success : NtStatus.AccessDenied;
        }

        var isProtected = request.IsSigned
            ? request.IsVerified
            : !session.SigningRequired && !session.EncryptData;
        if (!isProtected)
        {
            RequestReport.Unprotected(services.Refusals, request, session);
        }

        return isProtected ? NtStatus.Success : NtStatus.AccessDenied;
    }

    private async ValueTask<NtStatus> StepAsync(
        Request request, Session session, ReadOnlyMemory<byte> token, ulong previousSessionId, Smb2SecurityMode clientMode)
    {
        var connection = request.Connection;
        if (session.Exchange is null)
        {
            var network = connection.RemoteNetwork;
            if (!services.Throttle.Admits(network, out var until))
            {
                var refused = AuthenticationStep.Fail(AuthenticationFailure.Throttled) with { Until = until };
                return await FailAsync(request, session, refused.Status, refused).ConfigureAwait(false);
            }

            session.Exchange = services.Authenticator.Begin(new LogonPeer(services.Throttle, network, services.Settings.AllowGuest));
            session.Preauth = connection.Preauth?.Fork();
        }

        session.Preauth?.Update(request.Message.Span);
        var exchange = session.Exchange;
        var step = await exchange.StepAsync(token, connection.Ended).ConfigureAwait(false);
        if (step.Status == NtStatus.MoreProcessingRequired)
        {
            request.PreauthOfResponse = session.Preauth;
            WriteBody(request, Smb2SessionFlags.None, step.ResponseToken.Span);
            request.KeepBody();
            return NtStatus.MoreProcessingRequired;
        }

        session.Exchange = null;
        try
        {
            var guest = step.Failure == AuthenticationFailure.UnknownUser && services.Settings.AllowGuest;
            if (guest)
            {
                step = exchange.AcceptAsGuest();
            }

            return step.Status == NtStatus.Success
                ? await SucceedAsync(request, session, step, previousSessionId, clientMode).ConfigureAwait(false)
                : await FailAsync(request, session, step.Status, step).ConfigureAwait(false);
        }
        finally
        {
            if (step.SessionKey is { } key)
            {
                CryptographicOperations.ZeroMemory(key);
            }

            exchange.Dispose();
        }
    }

    private async ValueTask<NtStatus> SucceedAsync(
        Request request, Session session, AuthenticationStep step, ulong previousSessionId, Smb2SecurityMode clientMode)
    {
        var connection = request.Connection;
        var token = step.Token!;
        var identity = token.Identity;
        var keyless = !token.IsProven;
        // The owner of a session may downgrade it to an anonymous one, which then may open only what anonymous users may.
        if (identity.IsAnonymous && !services.Settings.AllowAnonymous && session.State == SessionState.InProgress)
        {
            LogonReport.AnonymousRefused(services.Refusals, connection, identity);
            return await FailAsync(request, session, NtStatus.AccessDenied, step).ConfigureAwait(false);
        }

        var demand = LogonPolicy.Judge(services.Settings.LogonPolicies, connection.LocalEndPoint, connection.RemoteEndPoint, token);
        var cannotEncrypt = keyless || connection.Negotiated is not { CanEncrypt: true } || (session.State != SessionState.InProgress && !session.EncryptData);
        if (demand == LogonDemand.OtherMechanism || (demand == LogonDemand.Encryption && cannotEncrypt))
        {
            LogonReport.RefusedByPolicy(services.Refusals, connection, step, demand);
            return await FailAsync(request, session, NtStatus.AccessDenied, step).ConfigureAwait(false);
        }

        // MS-SMB2 3.3.5.5.3: a guest shares no secret with the server; where signing or sealing is a must, it stays outside.
        if (keyless && (services.Settings.SigningRequired || services.Settings.Encryption == EncryptionPolicy.Required))
        {
            LogonReport.GuestRefused(services.Refusals, connection, identity);
            return await FailAsync(request, session, NtStatus.AccessDenied, step).ConfigureAwait(false);
        }

        if (services.Hooks is { } hooks
            && !await hooks.AskAsync(
                services.Logger, "OnLogonAsync", "logon",
                h => h.OnLogonAsync(HookFacts.Of(session, identity), connection.Ended)).ConfigureAwait(false))
        {
            LogonReport.RefusedByHost(services.Refusals, connection, identity);
            return await FailAsync(request, session, NtStatus.AccessDenied, step).ConfigureAwait(false);
        }

        if (session.State == SessionState.InProgress && SpeaksAnotherDialect(connection, token))
        {
            await session.EndAsync().ConfigureAwait(false);
            return NtStatus.UserSessionDeleted;
        }

        if (session.State == SessionState.InProgress)
        {
            Publish(request, session, token, keyless, step.SessionKey!, clientMode, mustEncrypt: demand == LogonDemand.Encryption);
            session.IsSuccessor = previousSessionId != 0 && previousSessionId != session.SessionId;
            await EndPreviousAsync(request, session, previousSessionId).ConfigureAwait(false);
        }
        else
        {
            session.Reauthenticate(token);
        }

        session.Preauth = null;
        connection.Authenticated = true;
        ServerLog.LoggedOn(
            services.Logger,
            identity.ForLog,
            connection.RemoteEndPoint,
            token.Mechanism,
            LogonReport.ServiceOf(step),
            session.SessionId,
            connection.Negotiated!.Dialect.ToString());
        WriteBody(request, FlagsOf(session), step.ResponseToken.Span);
        request.SignResponse = true;
        return NtStatus.Success;
    }

    /// <summary>
    /// Whether the client has sessions on connections of another dialect: a client speaks one dialect of SMB 3 at a time, and its new session is
    /// gone at once (MS-SMB2 3.3.5.5.3, Client.Dialect). Only sessions of the same user count, so that a ClientGuid, which anybody on the way
    /// can read, keeps nobody else out.
    /// </summary>
    private static bool SpeaksAnotherDialect(Connection connection, SecurityToken token)
    {
        var negotiated = connection.Negotiated!;
        if (!negotiated.IsSmb3 || connection.Client is not { } client || client.ClientGuid == Guid.Empty)
        {
            return false;
        }

        foreach (var other in client.Connections)
        {
            if (other != connection && other.Negotiated is { IsSmb3: true } theirs && theirs.Dialect != negotiated.Dialect
                && other.Sessions.Any(pair => (pair.Value.State is SessionState.Valid or SessionState.Expired) && pair.Value.IsSameUser(token)))
            {
                return true;
            }
        }

        return false;
    }

    private void Publish(
        Request request, Session session, SecurityToken token, bool keyless, byte[] sessionKey, Smb2SecurityMode clientMode, bool mustEncrypt)
    {
        var negotiated = request.Connection.Negotiated!;
        var preauth = session.Preauth?.ToArray() ?? [];
        if (keyless)
        {
            // What an anonymous client signs is verified with the key of the exchange, which it shares with everybody (MS-NLMP 3.3.2): that
            // proves nothing, and serves neither to seal nor to bind. A guest has another key than the server.
            using var shared = token.Identity.IsAnonymous
                ? SessionKeys.Derive(negotiated.Dialect, sessionKey, Smb2Cipher.None, preauth)
                : null;
            session.Publish(token, null, null, new Channel(session, request.Connection, shared), false, false);
            return;
        }

        var keys = SessionKeys.Derive(negotiated.Dialect, sessionKey, negotiated.Cipher, preauth);
        var sealer = negotiated.CanEncrypt ? keys.CreateServerSealer(negotiated.Cipher, services.Random) : null;
        var channel = new Channel(session, request.Connection, keys);
        var signingRequired = services.Settings.SigningRequired
            || ((clientMode | negotiated.ClientSecurityMode) & Smb2SecurityMode.SigningRequired) != 0;
        request.TryUse(channel);
        session.Publish(token, keys, sealer, channel, signingRequired, mustEncrypt || services.Settings.Encryption == EncryptionPolicy.Required);
        request.Channel = channel;
    }

    /// <summary>
    /// MS-SMB2 3.3.5.5.3: the client has come back on a new connection; its old session must not keep its files open, but for the durable
    /// ones, which it will ask for again. A session that is ending already, with its connection, is waited for: its locks would be in the
    /// client's own way.
    /// </summary>
    private static async ValueTask EndPreviousAsync(Request request, Session session, ulong previousSessionId)
    {
        if (previousSessionId == 0 || previousSessionId == session.SessionId)
        {
            return;
        }

        var graph = session.Graph;
        if ((graph.FindSession(previousSessionId) ?? graph.FindEndingSession(previousSessionId)) is { } previous
            && previous.IsSameUser(session.Token!))
        {
            try
            {
                await previous.EndAsync(SessionEnd.Lost).AsTask().WaitAsync(request.Connection.Ended).ConfigureAwait(false);
            }
            catch (Exception e) when (!request.Connection.Ended.IsCancellationRequested)
            {
                // A store that cannot close a file of the old session does not keep its user from having a new one.
                graph.Fault?.Invoke(e);
            }
        }
    }

    /// <summary>
    /// A failed logon ends the session that was being set up, and a failed re-authentication the session that stood: somebody who cannot
    /// prove to be its user has no claim to it.
    /// </summary>
    private async ValueTask<NtStatus> FailAsync(Request request, Session session, NtStatus status, AuthenticationStep? step)
    {
        session.Exchange?.Dispose();
        session.Exchange = null;
        await PenalizeAsync(services, request, (step ?? default) with { Status = status }).ConfigureAwait(false);
        await session.EndAsync().ConfigureAwait(false);
        return status;
    }

    /// <summary>Notes a refused logon, and holds the answer back when it was a guess at a password.</summary>
    public static async ValueTask PenalizeAsync(CommandServices services, Request request, AuthenticationStep step)
    {
        services.Metrics.LogonFailed(step.Status);
        LogonReport.Failed(services.Refusals, request.Connection, step);
        if (step.Delay > TimeSpan.Zero)
        {
            await Task.Delay(step.Delay, services.Settings.TimeProvider, request.Connection.Ended).ConfigureAwait(false);
        }
    }

    private static Smb2SessionFlags FlagsOf(Session session)
    {
        var flags = Smb2SessionFlags.None;
        if (session.Identity!.IsGuest)
        {
            flags |= Smb2SessionFlags.IsGuest;
        }

        if (session.Identity.IsAnonymous)
        {
            flags |= Smb2SessionFlags.IsNull;
        }

        return session.EncryptData ? flags | Smb2SessionFlags.EncryptData : flags;
    }

    public static void WriteBody(Request request, Smb2SessionFlags flags, ReadOnlySpan<byte> token) =>
        SessionSetupResponse.Write(request.Append(SessionSetupResponse.Size(token.Length)), flags, token);
}
