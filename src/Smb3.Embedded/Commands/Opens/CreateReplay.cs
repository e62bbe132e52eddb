using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>
/// A CREATE whose create guid is in use (MS-SMB2 3.3.5.9 and 3.3.5.9.10): the client sends the same one again because its channel failed
/// before the answer came, or the server with it, or it has made a mistake.
/// </summary>
/// <param name="request">The CREATE.</param>
/// <param name="tree">Its tree connect.</param>
/// <param name="parameters">What it asks for.</param>
/// <param name="durable">What it asks for beyond its session.</param>
/// <param name="lease">The lease that it asks for; <see langword="null"/> if none counts.</param>
internal readonly ref struct CreateReplay(
    Request request, TreeConnect tree, CreateParameters parameters, in DurableContexts durable, LeaseContext? lease)
{
    private readonly bool _wantsPersistent = durable.WantsPersistent && DurableOpening.MayPersist(request.Connection, tree);
    private readonly bool _asksPersistent = durable.WantsPersistent;

    /// <summary>Whether the CREATE is answered with the open that it has made before.</summary>
    /// <param name="holder">Who has the create guid.</param>
    /// <param name="open">The open. While it waits for its client, it has to be taken up first.</param>
    public NtStatus Check(CreateClaim holder, out GlobalOpen open)
    {
        open = holder.Open!;
        if (!request.IsReplay)
        {
            // The file is looked for before the create guid is.
            return open is { IsWaiting: true, Kind: DurableKind.Persistent } && !LostOpens.CachesHandle(open)
                ? NtStatus.FileNotAvailable
                : NtStatus.DuplicateObjectId;
        }

        if (open is null)
        {
            // The first one still runs: its outcome is not known, and it must not be carried out beside itself.
            return NtStatus.FileNotAvailable;
        }

        if (open.Kind == DurableKind.Persistent && _wantsPersistent && open.IsWaiting)
        {
            return CheckLost(open);
        }

        if (MeansReconnect(open))
        {
            return CheckDurable(open);
        }

        if (!open.Owner.IsSameUser(request.Session!.Token!) || open.File.State.Lease?.Key != lease?.LeaseKey)
        {
            return NtStatus.AccessDenied;
        }

        // Another session could do nothing with the file id.
        if (open.Handle is not { } handle || handle.TreeConnect != tree)
        {
            return IsBeingLost(open) ? NtStatus.FileNotAvailable : NtStatus.DuplicateObjectId;
        }

        return open.Kind == DurableKind.Persistent && !_asksPersistent ? NtStatus.InvalidParameter : NtStatus.Success;
    }

    /// <summary>
    /// Whether the session of an open that outlives it is over, but the open does not wait for its client yet: in a moment the replay can have it.
    /// </summary>
    private bool IsBeingLost(GlobalOpen open) =>
        (open.Kind == DurableKind.Persistent ? _wantsPersistent : open.Kind == DurableKind.Durable)
        && !open.IsClosed
        && open.Handle?.Session.State is null or SessionState.Ended;

    /// <summary>
    /// Whether a durable open waits for its client. The client, which has lost the answer with its session, cannot ask for a reconnect, which
    /// takes the file id: it sends the CREATE again and means that.
    /// </summary>
    private static bool MeansReconnect(GlobalOpen open) => open is { Kind: DurableKind.Durable, IsWaiting: true };

    /// <summary>
    /// Finds the open that the CREATE has made in a session that was lost, a persistent one also with the process.
    /// </summary>
    /// <returns>Success, with no open if there is none.</returns>
    public NtStatus FindLost(Guid createGuid, out GlobalOpen? open)
    {
        open = null;
        if (!request.IsReplay)
        {
            return NtStatus.Success;
        }

        var table = request.Graph.Opens;
        if (_wantsPersistent && table.Persistent.Find(createGuid) is { } persistent)
        {
            open = persistent;
            return CheckLost(persistent);
        }

        if (table.FindWaiting(request.Connection.Negotiated!.ClientGuid, createGuid) is { } waiting && MeansReconnect(waiting))
        {
            open = waiting;
            return CheckDurable(waiting);
        }

        return NtStatus.Success;
    }

    /// <summary>The checks of a reconnect (MS-SMB2 3.3.5.9.12), with the answers of a replay (MS-SMB2 3.3.5.9.10).</summary>
    private NtStatus CheckDurable(GlobalOpen open)
    {
        var held = open.File.State.Lease;
        return !open.Owner.IsSameUser(request.Session!.Token!) || held?.Key != lease?.LeaseKey ? NtStatus.AccessDenied
            : LostOpens.IsOn(open, tree) && (held is null || held.ClientGuid == request.Connection.Negotiated!.ClientGuid) ? NtStatus.Success
            : NtStatus.DuplicateObjectId;
    }

    private NtStatus CheckLost(GlobalOpen open)
    {
        if (!open.IsWaiting)
        {
            return NtStatus.FileNotAvailable;
        }

        if (!open.Owner.IsSameUser(request.Session!.Token!))
        {
            return NtStatus.AccessDenied;
        }

        var held = open.File.State.Lease;
        return LostOpens.IsOn(open, tree)
            && open.Facts.CreateOptions == parameters.Options
            && open.Facts.DesiredAccess == parameters.DesiredAccess
            && open.File.State.ShareAccess == parameters.ShareAccess
            && held?.Key == lease?.LeaseKey
            && (held is null || held.ClientGuid == request.Connection.Negotiated!.ClientGuid)
            ? NtStatus.Success
            : NtStatus.ContextMismatch;
    }
}
