using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Descriptors;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>Makes opens known beyond their session, and takes up those that have lost theirs.</summary>
internal static class DurableOpening
{
    /// <summary>
    /// Enters a new open among those that are known beyond their session, when the CREATE asked for anything of the kind.
    /// </summary>
    public static void Enter(
        Request request, FileHandle handle, CreateParameters parameters, in DurableContexts asked, CreateClaim? claim, CreateAction action)
    {
        if (!asked.Request && claim is null && asked.Application is null)
        {
            return;
        }

        var (kind, timeout) = DurabilityOf(handle, asked, request.Graph.Settings);
        Enter(
            handle,
            FactsOf(handle) with
            {
                Kind = kind,
                Timeout = timeout,
                CreateGuid = claim?.CreateGuid,
                Application = asked.Application,
                Action = action,
                DesiredAccess = parameters.DesiredAccess,
                CreateOptions = parameters.Options,
            },
            claim);
    }

    /// <summary>Makes an open resilient (MS-SMB2 3.3.5.15.9).</summary>
    public static void MakeResilient(FileHandle handle, TimeSpan timeout)
    {
        if (handle.Global is not { } open)
        {
            Enter(handle, FactsOf(handle) with { Kind = DurableKind.Resilient, Timeout = timeout }, claim: null);
            return;
        }

        open.File.State.SetDurable(open.Facts with { Kind = DurableKind.Resilient, Timeout = timeout });
        Keep(open);
    }

    private static void Enter(FileHandle handle, DurableFacts facts, CreateClaim? claim)
    {
        handle.File.State.SetDurable(facts);
        var open = new GlobalOpen(handle.Session.Graph.Opens, handle, claim);
        handle.Global = open;
        handle.Session.Graph.Opens.Add(open);
        Keep(open);
    }

    private static DurableFacts FactsOf(FileHandle handle)
    {
        var owner = handle.Session.Token!;
        return new DurableFacts
        {
            PersistentId = handle.FileId.Persistent,
            Share = handle.TreeConnect.Share.Name,
            Owner = owner.Identity.UserName,
            OwnerDomain = owner.Domain,
            OwnerSid = owner.User,
            IsOwnerSidFromName = owner.IsSidFromName,
            OpenedAt = handle.OpenedAt,
        };
    }

    /// <summary>Has the journal of the volume, if there is one, keep what outlives its connection. The answer waits for the commit.</summary>
    private static void Keep(GlobalOpen open)
    {
        if (open.Kind != DurableKind.None && open.File.Volume.Options.Journal is { } journal)
        {
            open.File.State.Keep(journal);
        }
    }

    /// <summary>Writes the durable handle that was granted.</summary>
    public static void Write(FileHandle handle, in DurableContexts asked, ref CreateContextWriter contexts)
    {
        if (asked.IsReconnect || handle.Global?.Facts is not { Kind: DurableKind.Durable } facts)
        {
            return;
        }

        if (asked.RequestV2 is not null)
        {
            // No share is continuously available, so no handle is persistent.
            contexts.DurableHandleV2((uint)facts.Timeout.TotalMilliseconds, DurableHandleFlags.None);
        }
        else
        {
            contexts.DurableHandle();
        }
    }

    /// <summary>
    /// Closes the opens of the same application instance on another machine, which this one succeeds (MS-SMB2 3.3.5.9.13).
    /// </summary>
    public static async ValueTask<NtStatus> SucceedAsync(
        Request request, TreeConnect tree, AppInstance application, string name, FileCaller caller)
    {
        var volume = tree.Share.Volume!;
        if (FilePath.Parse(name, volume.Store.Traits.MaxNameLength, out var path) != NtStatus.Success)
        {
            return NtStatus.Success; // The open itself says what is wrong with it.
        }

        foreach (var open in request.Graph.Opens.OfApplication(application.Id))
        {
            if (open.ClientGuid == request.Connection.Negotiated!.ClientGuid
                || !open.Share.Equals(tree.Share.Name, StringComparison.OrdinalIgnoreCase)
                || open.File.Volume != volume
                || open.File.File.StreamName != path.StreamName
                || !volume.SamePath(open.File.Path, path.Path))
            {
                continue;
            }

            if (open.IsClosed)
            {
                await open.ForceCloseAsync().ConfigureAwait(false); // nobody's any more, but its file may still be open
                continue;
            }

            if (application.IsBehind(open.Application!))
            {
                return NtStatus.FileForcedClosed;
            }

            var access = await open.File.GetMaximalAccessAsync(caller, request.Connection.Ended).ConfigureAwait(false);
            if (access.Succeeded && (access.Value & FileAccessMask.FileGenericRead) == FileAccessMask.FileGenericRead)
            {
                await open.ForceCloseAsync().ConfigureAwait(false);
            }
        }

        return NtStatus.Success;
    }

    /// <summary>
    /// Completes when the open that is asked for is there to be taken up. A client can be back before the server has noticed the end of
    /// its old connection; then it is given a moment to. Null: nothing is to be waited for.
    /// </summary>
    public static Task? WhenLost(Request request, in DurableContexts asked) => Asked(request, asked)?.WhenLost(request.Session!);

    /// <summary>
    /// Completes when the open that is asked for is closed, if it is just being closed because another open needed the file. Told that it
    /// is gone, the client opens the file anew; it must not meet its own old locks then, nor may what it had written through the old open
    /// be executed after what it writes through the new one. Null: nothing is to be waited for.
    /// </summary>
    public static Task? WhenClosed(Request request, in DurableContexts asked) =>
        Asked(request, asked) is { IsClosed: true } open ? open.WhenLost(request.Session!) : null;

    /// <summary>Finds an open that has lost its session, and that the client may take up (MS-SMB2 3.3.5.9.7 and 3.3.5.9.12).</summary>
    /// <param name="request">The CREATE.</param>
    /// <param name="tree">Its tree connect.</param>
    /// <param name="name">The file's name, which counts only for a lease.</param>
    /// <param name="asked">Which open.</param>
    /// <param name="lease">The lease that it came with.</param>
    /// <param name="open">The open. Nothing has changed for it yet.</param>
    public static NtStatus FindLost(
        Request request, TreeConnect tree, string name, in DurableContexts asked, LeaseContext? lease, out GlobalOpen open)
    {
        open = null!;
        var fileId = asked.ReconnectV2?.FileId ?? asked.Reconnect!.Value;
        // Either version takes up what either has made durable, as in Windows; an open without a create guid has one of zeros.
        if (request.Graph.Opens.Find(fileId) is not { } found
            || (asked.ReconnectV2 is { } second && second.CreateGuid != (found.Facts.CreateGuid ?? Guid.Empty)))
        {
            return NtStatus.ObjectNameNotFound;
        }

        var status = CheckLease(request.Connection, found, name, lease);
        if (status != NtStatus.Success)
        {
            return status;
        }

        // No handle is persistent, so none can be taken up as one.
        if (!found.IsWaiting
            || (asked.ReconnectV2 is { } v2 && (v2.Flags & DurableHandleFlags.Persistent) != 0)
            || !found.Share.Equals(tree.Share.Name, StringComparison.OrdinalIgnoreCase)
            || found.File.Volume != tree.Share.Volume)
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (!found.Owner.IsSameUser(request.Session!.Token!))
        {
            return NtStatus.AccessDenied;
        }

        open = found;
        return NtStatus.Success;
    }

    /// <summary>Takes up what <see cref="FindLost"/> has found, unless somebody else was faster or its time is over.</summary>
    /// <param name="request">The CREATE.</param>
    /// <param name="tree">Its tree connect.</param>
    /// <param name="open">The open.</param>
    /// <param name="handle">The open in its new session. Not announced yet: breaks wait for the response.</param>
    public static NtStatus TryReconnect(Request request, TreeConnect tree, GlobalOpen open, out FileHandle handle)
    {
        handle = null!;
        var session = request.Session!;
        if (!session.Opens.TryReserve())
        {
            return NtStatus.InsufficientResources;
        }

        var id = new Smb2FileId(open.PersistentId, request.Graph.NextFileId());
        var notifier = new BreakNotifier(tree, request.Connection, id);
        if (open.TryReconnect(notifier, id, tree, request.ChannelSequence) is not { } back)
        {
            session.Opens.Cancel();
            return NtStatus.ObjectNameNotFound;
        }

        handle = back;
        session.Opens.Add(handle);
        request.OnSend(notifier.Announce);
        request.AfterSend(notifier.SendEarly);
        return NtStatus.Success;
    }

    private static GlobalOpen? Asked(Request request, in DurableContexts asked) =>
        request.Graph.Opens.FindToTheEnd(asked.ReconnectV2?.FileId ?? asked.Reconnect!.Value);

    private static NtStatus CheckLease(Connection connection, GlobalOpen open, string name, LeaseContext? asked)
    {
        if (open.File.State.Lease is not { } lease)
        {
            return asked is null ? NtStatus.Success : NtStatus.ObjectNameNotFound;
        }

        if (asked is not { } given
            || given.LeaseKey != lease.Key
            || given.Version != lease.Version
            || connection.Negotiated!.ClientGuid != lease.ClientGuid)
        {
            return NtStatus.ObjectNameNotFound;
        }

        // Lease.FileDeleteOnClose: such a name is on its way out, and does not count.
        var file = open.File;
        var volume = file.Volume;
        return file.State.DeleteOnClose
            || file.File.IsDeletePending(file.Path)
            || (FilePath.Parse(name, volume.Store.Traits.MaxNameLength, out var path) == NtStatus.Success
                && volume.SamePath(path.Path, file.Path)
                && string.Equals(path.StreamName, file.File.StreamName, StringComparison.OrdinalIgnoreCase))
            ? NtStatus.Success
            : NtStatus.InvalidParameter;
    }

    /// <summary>
    /// A handle is durable when the client can cache it, by a batch oplock or a lease: else others could neither use the file nor be told
    /// why not.
    /// </summary>
    private static (DurableKind Kind, TimeSpan Timeout) DurabilityOf(FileHandle handle, in DurableContexts asked, ServerSettings settings)
    {
        // A guest who comes back is somebody else, who could not take it up.
        if ((!asked.Request && asked.RequestV2 is null)
            || !handle.Session.Token!.IsProven
            || handle.File.IsDirectory
            || handle.File.Grant?.Show() is not { } shown
            || (shown.State & CacheState.Handle) == 0)
        {
            return default;
        }

        var timeout = asked.RequestV2 is not { } v2 ? settings.MaxDurableTimeout
            : v2.Timeout == 0 ? settings.DurableTimeout
            : TimeSpan.FromMilliseconds(v2.Timeout);
        return (DurableKind.Durable, timeout < settings.MaxDurableTimeout ? timeout : settings.MaxDurableTimeout);
    }
}
