using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
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

/// <summary>Makes opens known beyond their session (MS-SMB2 3.3.5.9.6, 3.3.5.9.10 and 3.3.5.9.13).</summary>
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

        var facts = FactsOf(handle);
        var kind = KindOf(request.Connection, handle, facts, asked);
        Enter(
            handle,
            facts with
            {
                Kind = kind,
                Timeout = kind == DurableKind.None ? TimeSpan.Zero : TimeoutOf(asked, request.Graph.Settings),
                CreateGuid = claim?.CreateGuid,
                Application = asked.Application,
                Action = action,
                DesiredAccess = parameters.DesiredAccess,
                CreateOptions = parameters.Options,
            },
            claim);
    }

    /// <summary>
    /// Makes an open resilient (MS-SMB2 3.3.5.15.9). One that is persistent already stays so, which is the stronger promise, and waits as
    /// long as is asked for now.
    /// </summary>
    public static void MakeResilient(FileHandle handle, TimeSpan timeout)
    {
        if (handle.Global is not { } open)
        {
            Enter(handle, FactsOf(handle) with { Kind = DurableKind.Resilient, Timeout = timeout }, claim: null);
            return;
        }

        var kind = open.Kind == DurableKind.Persistent ? DurableKind.Persistent : DurableKind.Resilient;
        open.File.State.SetDurable(open.Facts with { Kind = kind, Timeout = timeout });
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
        if (asked.IsReconnect || handle.Global?.Facts is not { Kind: DurableKind.Durable or DurableKind.Persistent } facts)
        {
            return;
        }

        if (asked.RequestV2 is not null)
        {
            contexts.DurableHandleV2(
                (uint)facts.Timeout.TotalMilliseconds,
                facts.Kind == DurableKind.Persistent ? DurableHandleFlags.Persistent : DurableHandleFlags.None);
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
                || !IsOpenOf(open.File, volume, path))
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

    private static bool IsOpenOf(FileOpen open, Volume volume, in FilePath path) =>
        open.Volume == volume && open.File.StreamName == path.StreamName && volume.SamePath(open.Path, path.Path);

    /// <summary>
    /// A handle is persistent when the client asks for that where it was told that it can (MS-SMB2 3.3.5.9.10). It is durable when the client
    /// can cache it, by a batch oplock or a lease: else others could neither use the file nor be told why not.
    /// </summary>
    private static DurableKind KindOf(Connection connection, FileHandle handle, DurableFacts facts, in DurableContexts asked)
    {
        // A guest who comes back is somebody else, who could not take it up.
        if ((!asked.Request && asked.RequestV2 is null) || !handle.Session.Token!.IsProven)
        {
            return DurableKind.None;
        }

        // Directories too, although MS-SMB2 3.3.5.9.10 leaves them out: the client finds its listing and its watches where they were. A
        // snapshot has no journal.
        if (asked.WantsPersistent
            && MayPersist(connection, handle.TreeConnect)
            && handle.File.Volume.Options.Journal is not null
            && handle.Session.Graph.Opens.Persistent.TryReserve(facts))
        {
            return DurableKind.Persistent;
        }

        return !handle.File.IsDirectory && handle.File.Grant?.Show() is { } shown && (shown.State & CacheState.Handle) != 0
            ? DurableKind.Durable
            : DurableKind.None;
    }

    /// <summary>Whether handles can be persistent: TreeConnect.Share.IsCA, and the connection was told so when it was negotiated.</summary>
    public static bool MayPersist(Connection connection, TreeConnect tree) =>
        tree.Share.IsContinuouslyAvailable && (connection.Negotiated!.ServerCapabilities & Smb2Capabilities.PersistentHandles) != 0;

    private static TimeSpan TimeoutOf(in DurableContexts asked, ServerSettings settings)
    {
        var timeout = asked.RequestV2 is not { } v2 ? settings.MaxDurableTimeout
            : v2.Timeout == 0 ? settings.DurableTimeout
            : TimeSpan.FromMilliseconds(v2.Timeout);
        return timeout < settings.MaxDurableTimeout ? timeout : settings.MaxDurableTimeout;
    }
}
