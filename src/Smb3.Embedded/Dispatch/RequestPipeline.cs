using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Dispatch;

/// <summary>
/// The stages between a message and its handler, in the order of MS-SMB2 3.3.5.2: state of the connection, session, signature, encryption,
/// tree connect. Each either lets the request pass or returns the status that ends it.
/// </summary>
internal sealed class RequestPipeline
{
    private readonly CommandTable _commands;
    private readonly ActivitySource _activities;

    public RequestPipeline(CommandTable commands, ServerMetrics metrics, ActivitySource activities, ILogger logger, RefusalLog refusals)
    {
        _activities = activities;
        _commands = commands;
        Metrics = metrics;
        Logger = logger;
        Refusals = refusals;
    }

    public ServerMetrics Metrics { get; }

    public ILogger Logger { get; }

    public RefusalLog Refusals { get; }

    public ValueTask<NtStatus> ServeAsync(Request request, RequestChain chain)
    {
        request.StartedAt = Metrics.MeasuresRequests ? Stopwatch.GetTimestamp() : 0;
        return _activities.HasListeners() ? ServeTracedAsync(request, chain) : ServeOneAsync(request, chain);
    }

    /// <summary>Serves a request in an activity of its own; calls of a store or of hooks are its children.</summary>
    private async ValueTask<NtStatus> ServeTracedAsync(Request request, RequestChain chain)
    {
        // No child of what happens to be current on this thread.
        using var activity = _activities.StartActivity("smb.request", ActivityKind.Server, default(ActivityContext));
        var status = await ServeOneAsync(request, chain).ConfigureAwait(false);
        if (activity is { IsAllDataRequested: true })
        {
            activity.DisplayName = NameOf(request.Command);
            activity.SetTag("smb.command", NameOf(request.Command));
            activity.SetTag("smb.status", NtStatusNames.NameOf(status));
            activity.SetTag("smb.share", request.TreeConnect?.Share.Name);
            activity.SetTag("smb.connection.id", request.Connection.Id.ToString(CultureInfo.InvariantCulture));
            activity.SetTag("smb.session.id", request.SessionId.ToString(CultureInfo.InvariantCulture));
            activity.SetTag("smb.message.id", request.MessageId.ToString(CultureInfo.InvariantCulture));
        }

        return status;
    }

    private async ValueTask<NtStatus> ServeOneAsync(Request request, RequestChain chain)
    {
        var (handler, needs) = _commands[request.Command];
        var status = Admit(request, chain, handler, needs);
        if (status == NtStatus.Success
            && handler!.LargestOutput(request) is > RequestChain.SmallOutput and var output
            && !chain.TryMakeRoom(request, output)
            && !await chain.MakeRoomAsync(request, output).ConfigureAwait(false))
        {
            // The connection has ended: nobody is left to receive the response.
            status = NtStatus.Cancelled;
        }

        chain.Responses.Place(request);
        chain.Compound.Admitted(request, status);
        if (status == NtStatus.Success)
        {
            if (!request.IsRelated)
            {
                chain.Compound.ForgetOpen();
            }

            status = await HandleAsync(request, handler!).ConfigureAwait(false);
            if (request.IsRefused && status == NtStatus.Cancelled)
            {
                status = NtStatus.InsufficientResources;
            }

            if (status is NtStatus.InvalidSignature or NtStatus.AuthTagMismatch && request.Session is { } session)
            {
                RequestReport.ChangedData(Refusals, request, session);
            }

            // The files have passed to another owner: what was done before that is not reported to the client (MS-SMB2 3.3.5.2.11).
            if (request.TreeConnect is { Share.Life.State: ShareState.Fenced })
            {
                status = NtStatus.NetworkNameDeleted;
            }

            if (request.TreeConnect?.Share.Guard is { IsUp: true })
            {
                // Another node may know better by now what became of it: its client asks that one, over a new connection.
                request.Disconnect = ConnectionEndReason.ShareFenced;
            }
        }

        chain.Compound.Served(request, status);
        return status;
    }

    /// <summary>CANCEL: finds the waiting request and ends its wait; CANCEL itself is never answered.</summary>
    public void Cancel(Request request, RequestChain chain)
    {
        if (request.IsRelated && !chain.Compound.IsFirst)
        {
            chain.Compound.Inherit(request);
        }

        // Requests related to a CANCEL go on in the CANCEL's session, with its signature, as they would behind any other request.
        var status = request.SessionId == 0 ? NtStatus.Success : CheckSession(request, chain);
        chain.Compound.Admitted(request, status);
        if (status != NtStatus.Success)
        {
            return;
        }

        if ((request.Flags & Smb2HeaderFlags.Async) != 0)
        {
            request.Connection.Pending.CancelByAsyncId(request.HeaderAsyncId, request.SessionId);
        }
        else
        {
            request.Connection.Pending.CancelByMessageId(request.MessageId, request.SessionId);
        }
    }

    public void Answered(Request request, NtStatus status)
    {
        Metrics.RequestAnswered(NameOf(request.Command), status, request.TreeConnect?.Share.Name, request.StartedAt);
        if (Logger.IsEnabled(LogLevel.Trace))
        {
            ServerLog.Answered(Logger, request.Connection.Id, NameOf(request.Command), request.MessageId, status.ToString());
        }
    }

    /// <summary>
    /// Credits for the response: as many as were asked for, but before the client has authenticated no more than it takes to do so, so that
    /// a stranger cannot open the window (MS-SMB2 3.3.1.2).
    /// </summary>
    public static int CreditsFor(Request request) =>
        request.Connection.Authenticated ? request.CreditsWanted : Math.Min(request.CreditsWanted, request.CreditCharge);

    private NtStatus Admit(Request request, RequestChain chain, ICommandHandler? handler, CommandNeeds needs)
    {
        if (handler is null)
        {
            return NtStatus.InvalidParameter;
        }

        // MS-SMB2 3.3.5.2.7.2: a related request continues the one before it; the first of a frame has none.
        if (request.IsRelated && chain.Compound.Continue(request) is var refusal and not NtStatus.Success)
        {
            return refusal;
        }

        if (needs == CommandNeeds.None && (request.SessionId == 0 || request.Command is Smb2Command.SessionSetup or Smb2Command.Negotiate))
        {
            // SESSION_SETUP looks its session up itself: it may be one in progress, or on another connection.
            Verify(request, handler);
            return NtStatus.Success;
        }

        var status = CheckSession(request, chain);
        if (status != NtStatus.Success)
        {
            return status;
        }

        return (needs & CommandNeeds.Tree) == CommandNeeds.Tree ? CheckTree(request) : NtStatus.Success;
    }

    /// <summary>
    /// Verifies a signature that the handler must judge, because the order of its answers depends on it. A client that has proved to have
    /// the key gets its answer signed with that key too.
    /// </summary>
    private static void Verify(Request request, ICommandHandler handler)
    {
        if (request.IsSigned
            && handler.SignedBy(request) is { } party
            && party.Signer is { } signer
            && signer.Verify(request.Message.Span))
        {
            request.IsVerified = true;
            request.Signer = signer;
        }
    }

    private NtStatus CheckSession(Request request, RequestChain chain)
    {
        if (!request.Connection.Sessions.TryGetValue(request.SessionId, out var session) || !chain.Keys.TryUse(session))
        {
            return NtStatus.UserSessionDeleted;
        }

        // MS-SMB2 3.3.5.2.9: an encrypted request must belong to the session whose key opened it.
        if (chain.EncryptedBy is { } sealedBy && sealedBy != session)
        {
            return NtStatus.AccessDenied;
        }

        if (session.State is SessionState.InProgress or SessionState.Ended)
        {
            return NtStatus.UserSessionDeleted;
        }

        var channel = session.ChannelOn(request.Connection) is { } found && chain.Keys.TryUse(found) ? found : null;
        if (!chain.IsEncrypted)
        {
            // MS-SMB2 3.3.5.2.4: a signature must be valid where there is one, and must not be missing where it is required.
            if (request.IsSigned)
            {
                if (channel?.Signer is not { } signer || !signer.Verify(request.Message.Span))
                {
                    RequestReport.Unprotected(Refusals, request, session);
                    return NtStatus.AccessDenied;
                }
            }
            else if (session.SigningRequired)
            {
                RequestReport.Unprotected(Refusals, request, session);
                return NtStatus.AccessDenied;
            }

            if (session.EncryptData)
            {
                RequestReport.InTheClear(Refusals, request, session, null);
                return NtStatus.AccessDenied;
            }
        }

        request.Session = session;
        request.Channel = channel;
        channel?.Note(SeenProtection.Of(request.IsSigned, chain.IsEncrypted));
        return session.State == SessionState.Expired && !IsServedWhenExpired(request.Command)
            ? NtStatus.NetworkSessionExpired
            : NtStatus.Success;
    }

    /// <summary>
    /// What the user of an expired session may still do (MS-SMB2 3.3.5.2.9): end things, and whatever does not depend on who the user is.
    /// </summary>
    private static bool IsServedWhenExpired(Smb2Command command) =>
        command is Smb2Command.Logoff or Smb2Command.Close or Smb2Command.Lock or Smb2Command.Cancel or Smb2Command.Echo;

    private NtStatus CheckTree(Request request)
    {
        var tree = request.Session!.FindTree(request.TreeId);
        if (tree is null || tree.HasEnded || !tree.Share.Life.IsServing)
        {
            return NtStatus.NetworkNameDeleted;
        }

        request.TreeConnect = tree;
        if (tree.Share.Guard is { IsUp: true })
        {
            request.Disconnect = ConnectionEndReason.ShareFenced;
            return NtStatus.NetworkNameDeleted;
        }

        // MS-SMB2 3.3.5.2.11: a share that encrypts accepts nothing in the clear.
        if (!tree.EncryptData || request.IsEncrypted)
        {
            return NtStatus.Success;
        }

        RequestReport.InTheClear(Refusals, request, request.Session, tree.Share.Name);
        return NtStatus.AccessDenied;
    }

    /// <summary>The one exception boundary per request: nothing that a store, a hook or a bug of ours throws gets past it.</summary>
    private async ValueTask<NtStatus> HandleAsync(Request request, ICommandHandler handler)
    {
        try
        {
            var handling = handler.HandleAsync(request);
            if (handling.IsCompleted)
            {
                return await handling.ConfigureAwait(false);
            }

            request.Watch();
            try
            {
                return await handling.ConfigureAwait(false);
            }
            finally
            {
                request.Unwatch();
            }
        }
        catch (OperationCanceledException)
        {
            return NtStatus.Cancelled;
        }
        catch (Exception e)
        {
            var status = e is OutOfMemoryException ? NtStatus.InsufficientResources : NtStatus.UnexpectedIoError;
            Metrics.Fault(NameOf(request.Command));
            ServerLog.RequestFault(Logger, e, NameOf(request.Command), request.Connection.Id, status.ToString());
            return status;
        }
    }

    public static string NameOf(Smb2Command command) => command switch
    {
        Smb2Command.Negotiate => "NEGOTIATE",
        Smb2Command.SessionSetup => "SESSION_SETUP",
        Smb2Command.Logoff => "LOGOFF",
        Smb2Command.TreeConnect => "TREE_CONNECT",
        Smb2Command.TreeDisconnect => "TREE_DISCONNECT",
        Smb2Command.Create => "CREATE",
        Smb2Command.Close => "CLOSE",
        Smb2Command.Flush => "FLUSH",
        Smb2Command.Read => "READ",
        Smb2Command.Write => "WRITE",
        Smb2Command.Lock => "LOCK",
        Smb2Command.Ioctl => "IOCTL",
        Smb2Command.Cancel => "CANCEL",
        Smb2Command.Echo => "ECHO",
        Smb2Command.QueryDirectory => "QUERY_DIRECTORY",
        Smb2Command.ChangeNotify => "CHANGE_NOTIFY",
        Smb2Command.QueryInfo => "QUERY_INFO",
        Smb2Command.SetInfo => "SET_INFO",
        Smb2Command.OplockBreak => "OPLOCK_BREAK",
        _ => "UNKNOWN",
    };
}
