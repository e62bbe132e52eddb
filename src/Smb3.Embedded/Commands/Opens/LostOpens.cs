using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create.Contexts;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>Finds the opens that have lost their session, and takes them up again (MS-SMB2 3.3.5.9.7 and 3.3.5.9.12).</summary>
internal static class LostOpens
{
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

    /// <summary>Completes when what the lost session of the open that is asked for had begun on it has ended, if the open is the user's own.</summary>
    public static ValueTask WhenFormerLeftAsync(Request request, in DurableContexts asked) =>
        Asked(request, asked) is { IsWaiting: true } open && open.Owner.IsSameUser(request.Session!.Token!)
            ? open.WhenFormerLeftAsync()
            : default;

    /// <summary>Finds an open that has lost its session, and that the client may take up.</summary>
    /// <param name="request">The CREATE.</param>
    /// <param name="tree">Its tree connect.</param>
    /// <param name="name">The file's name, which counts only for a lease.</param>
    /// <param name="asked">Which open.</param>
    /// <param name="lease">The lease that it came with.</param>
    /// <param name="open">The open. Nothing has changed for it yet.</param>
    public static NtStatus Find(
        Request request, TreeConnect tree, string name, in DurableContexts asked, LeaseContext? lease, out GlobalOpen open)
    {
        open = null!;
        if (Named(request, tree, asked) is not { } found)
        {
            return NtStatus.ObjectNameNotFound;
        }

        var status = CheckLease(request.Connection, found, name, lease);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (!found.IsWaiting || !IsOn(found, tree))
        {
            return NtStatus.ObjectNameNotFound;
        }

        status = CheckKind(found, asked);
        if (status != NtStatus.Success)
        {
            return status;
        }

        if (!found.Owner.IsSameUser(request.Session!.Token!))
        {
            return NtStatus.AccessDenied;
        }

        open = found;
        return NtStatus.Success;
    }

    /// <summary>Whether an open is one of this share, as it is now.</summary>
    public static bool IsOn(GlobalOpen open, TreeConnect tree) =>
        open.Share.Equals(tree.Share.Name, StringComparison.OrdinalIgnoreCase) && open.File.Volume == tree.Share.Volume;

    /// <summary>Takes up what was found, unless somebody else was faster or its time is over.</summary>
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

    /// <summary>
    /// The open that a reconnect names: by its id; a persistent one that is not known by it, by its create guid (MS-SMB2 3.3.5.9.12).
    /// </summary>
    private static GlobalOpen? Named(Request request, TreeConnect tree, in DurableContexts asked)
    {
        var table = request.Graph.Opens;
        if (asked.ReconnectV2 is not { } second)
        {
            return table.Find(asked.Reconnect!.Value);
        }

        var found = table.Find(second.FileId);
        if (found is null && asked.WantsPersistent && DurableOpening.MayPersist(request.Connection, tree))
        {
            found = table.Persistent.Find(second.CreateGuid);
        }

        // Either version takes up what either has made durable, as in Windows; an open without a create guid has one of zeros.
        return found is not null && second.CreateGuid == (found.Facts.CreateGuid ?? Guid.Empty) ? found : null;
    }

    /// <summary>
    /// A persistent open is taken up as one (MS-SMB2 3.3.5.9.12), and no other is. Version 1 cannot say so, and takes it up while its client
    /// caches the handle, as it would a durable one (MS-SMB2 3.3.5.9.7).
    /// </summary>
    private static NtStatus CheckKind(GlobalOpen open, in DurableContexts asked)
    {
        if (asked.ReconnectV2 is null)
        {
            return open.Kind != DurableKind.Persistent || CachesHandle(open) ? NtStatus.Success : NtStatus.ObjectNameNotFound;
        }

        return (open.Kind == DurableKind.Persistent) == asked.WantsPersistent ? NtStatus.Success
            : asked.WantsPersistent ? NtStatus.InvalidParameter
            : NtStatus.ObjectNameNotFound;
    }

    /// <summary>Whether its client caches the handle.</summary>
    public static bool CachesHandle(GlobalOpen open) =>
        open.File.Grant?.Show() is { } shown && (shown.State & CacheState.Handle) != 0;

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
}
