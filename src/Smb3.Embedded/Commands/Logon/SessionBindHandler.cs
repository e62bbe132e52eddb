using System.Security.Cryptography;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Authentication;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.Wire.Session;
using Session = Smb3.Embedded.Sessions.Session;

namespace Smb3.Embedded.Commands.Logon;

/// <summary>
/// SESSION_SETUP with SMB2_SESSION_FLAG_BINDING (MS-SMB2 3.3.5.5, 3.3.5.5.2): gives a session a channel on one more connection. The
/// request is signed with the session's key, which only its own client has, and then the user authenticates again.
/// </summary>
internal sealed class SessionBindHandler(CommandServices services)
{
    /// <summary>The session itself, as long as it has no channel on the connection; else the channel.</summary>
    public static SigningParty? SignedBy(Request request)
    {
        if (request.Graph.FindSession(request.SessionId) is not { } session || !request.TryUse(session))
        {
            return null;
        }

        var channel = session.ChannelOn(request.Connection);
        return new SigningParty(session, channel is not null && request.TryUse(channel) ? channel : null);
    }

    public async ValueTask<NtStatus> HandleAsync(Request request, ReadOnlyMemory<byte> token)
    {
        var status = Admit(request, out var session);
        if (status != NtStatus.Success)
        {
            return status;
        }

        var connection = request.Connection;
        if (!connection.Bindings.TryRemove(session.SessionId, out var binding))
        {
            var network = connection.RemoteNetwork;
            if (!services.Throttle.Admits(network, out var until))
            {
                var refused = AuthenticationStep.Fail(AuthenticationFailure.Throttled) with { Until = until };
                await SessionSetupHandler.PenalizeAsync(services, request, refused).ConfigureAwait(false);
                return refused.Status;
            }

            if (connection.Bindings.Count >= services.Settings.Limits.MaxUnfinishedLogons)
            {
                return NtStatus.InsufficientResources;
            }

            // An unknown user cannot become a guest here: the session has a user.
            var peer = new LogonPeer(services.Throttle, network, UnknownIsGuest: false);
            binding = new ChannelBinding(session, services.Authenticator.Begin(peer), connection.Preauth?.Fork());
        }

        // Removed while it is in use: a second request of the same binding at the same time starts over, and fails.
        var kept = false;
        try
        {
            binding.Preauth?.Update(request.Message.Span);
            var step = await binding.Exchange.StepAsync(token, connection.Ended).ConfigureAwait(false);
            if (step.Status == NtStatus.MoreProcessingRequired)
            {
                kept = connection.Bindings.TryAdd(session.SessionId, binding);
                request.PreauthOfResponse = binding.Preauth;
                SessionSetupHandler.WriteBody(request, Smb2SessionFlags.None, step.ResponseToken.Span);
                request.KeepBody();
                return step.Status;
            }

            return await FinishAsync(request, session, binding, step).ConfigureAwait(false);
        }
        finally
        {
            if (!kept)
            {
                binding.Dispose();
            }
        }
    }

    private async ValueTask<NtStatus> FinishAsync(Request request, Session session, ChannelBinding binding, AuthenticationStep step)
    {
        if (step.Status != NtStatus.Success)
        {
            await SessionSetupHandler.PenalizeAsync(services, request, step).ConfigureAwait(false);

            // Where unknown users are guests, the logon would have succeeded, but not as the session's user.
            var guest = services.Settings.AllowGuest && step.Failure == AuthenticationFailure.UnknownUser;
            return guest ? NtStatus.AccessDenied : step.Status;
        }

        using var keys = DeriveKeys(request.Connection, binding, step.SessionKey!);
        var token = step.Token!;
        if (!token.IsProven || !session.IsSameUser(token))
        {
            LogonReport.OtherUser(services.Refusals, request.Connection, session.Identity!, token.Identity);
            return NtStatus.AccessDenied;
        }

        var demand = LogonPolicy.Judge(services.Settings.LogonPolicies, request.Connection.LocalEndPoint, request.Connection.RemoteEndPoint, token);
        if (demand == LogonDemand.OtherMechanism || (demand == LogonDemand.Encryption && !session.EncryptData))
        {
            LogonReport.RefusedByPolicy(services.Refusals, request.Connection, step, demand);
            return NtStatus.AccessDenied;
        }

        var channel = new Channel(session, request.Connection, keys);
        request.TryUse(channel);
        var status = session.TryAddChannel(channel);
        if (status != NtStatus.Success)
        {
            return status;
        }

        request.Connection.Authenticated = true;
        request.Channel = channel;
        request.SignResponse = true;
        SessionSetupHandler.WriteBody(request, Smb2SessionFlags.None, step.ResponseToken.Span);
        return NtStatus.Success;
    }

    private static SessionKeys DeriveKeys(Connection connection, ChannelBinding binding, byte[] sessionKey)
    {
        try
        {
            // Only the signing key is the channel's own; sealing goes on with the session's keys (MS-SMB2 3.3.5.5.3).
            return SessionKeys.Derive(
                connection.Negotiated!.Dialect, sessionKey, Smb2Cipher.None, binding.Preauth?.ToArray() ?? []);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(sessionKey);
        }
    }

    /// <summary>
    /// The conditions of MS-SMB2 3.3.5.5, in their order; the session that is found signs the response, whatever the status. The client
    /// GUID is not compared: Windows does not compare it either, and whoever can sign with the session's key is its client.
    /// </summary>
    private NtStatus Admit(Request request, out Session session)
    {
        var connection = request.Connection;
        var negotiated = connection.Negotiated!;
        if (request.Graph.FindSession(request.SessionId) is not { } found || !request.TryUse(found))
        {
            session = null!;
            return NtStatus.UserSessionDeleted;
        }

        session = found;
        var own = found.Origin.Negotiated;
        if (request.IsVerified)
        {
            request.Session = found;
        }

        // Signatures of AES-GMAC and of the older algorithms cannot stand in for each other; Windows checks that before anything else.
        var gmac = negotiated.SigningAlgorithm == Smb2SigningAlgorithm.AesGmac;
        if (gmac != (own.SigningAlgorithm == Smb2SigningAlgorithm.AesGmac))
        {
            return gmac ? NtStatus.NotSupported : NtStatus.RequestOutOfSequence;
        }

        if (!services.Settings.MultiChannel || !negotiated.IsSmb3)
        {
            return NtStatus.RequestNotAccepted;
        }

        if (negotiated.Dialect != own.Dialect || !request.IsSigned)
        {
            return NtStatus.InvalidParameter;
        }

        if (found.State == SessionState.InProgress)
        {
            return NtStatus.RequestNotAccepted;
        }

        if (found.State == SessionState.Expired)
        {
            return NtStatus.NetworkSessionExpired;
        }

        if (found.State != SessionState.Valid)
        {
            return NtStatus.UserSessionDeleted;
        }

        if (found.Token is not { IsProven: true })
        {
            return NtStatus.NotSupported;
        }

        if (!request.IsVerified)
        {
            RequestReport.Unprotected(services.Refusals, request, found);
            return NtStatus.AccessDenied;
        }

        if (connection.Sessions.ContainsKey(found.SessionId))
        {
            return NtStatus.RequestNotAccepted;
        }

        return negotiated.Cipher == own.Cipher ? NtStatus.Success : NtStatus.InvalidParameter;
    }
}
