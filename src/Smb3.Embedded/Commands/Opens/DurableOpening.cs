using Smb3.Embedded.Diagnostics;
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
    /// What will be known of a persistent open, and room for it, before its file is looked for; <see langword="null"/> if it will not be
    /// persistent. A handle is persistent when the client asks for that where it was told that it can (MS-SMB2 3.3.5.9.10).
    /// </summary>
    /// <remarks>
    /// Directories too, although MS-SMB2 3.3.5.9.10 leaves them out: the client finds its listing and its watches where they were.
    /// </remarks>
    public static PersistentPromise? TryPromise(in CreateCall call, Smb2FileId fileId, CreateParameters parameters, CreateClaim? claim)
    {
        // A guest who comes back is somebody else, who could not take it up.
        var (request, tree, _, asked, _) = call;
        if (asked.RequestV2 is null || !asked.WantsPersistent || !request.Session!.Token!.IsProven
            || !MayPersist(request.Connection, tree) || tree.Share.Volume?.Options.Journal is null)
        {
            return null;
        }

        var facts = FactsOf(tree, fileId, request.Graph.Settings.TimeProvider.GetUtcNow(), parameters, claim) with
        {
            Kind = DurableKind.Persistent,
            Timeout = TimeoutOf(asked, request.Graph.Settings),
            Application = asked.Application,
        };
        var opens = request.Graph.Opens.Persistent;
        if (opens.TryReserve(facts, out var isFirstRefusal))
        {
            return new PersistentPromise(opens, facts);
        }

        if (isFirstRefusal)
        {
            ServerLog.PersistentRefused(tree.Share.Volume.Options.Logger, facts.Owner, opens.Count);
        }

        return null;
    }

    /// <summary>
    /// Enters a new open among those that are known beyond their session, when the CREATE asked for anything of the kind.
    /// </summary>
    /// <param name="call">The CREATE.</param>
    /// <param name="handle">The open.</param>
    /// <param name="parameters">What was asked for.</param>
    /// <param name="claim">The claim on its create guid, if it has one.</param>
    /// <param name="promised">What was promised; a snapshot has no journal, and keeps no promise.</param>
    /// <param name="action">What CREATE did.</param>
    public static void Enter(
        in CreateCall call, FileHandle handle, CreateParameters parameters, CreateClaim? claim, PersistentPromise? promised, CreateAction action)
    {
        var asked = call.Durable;
        if (promised is not null && handle.File.Volume.Options.Journal is not null)
        {
            promised.Keep();
            Enter(handle, promised.Facts with { Action = action }, claim);
        }
        else if (asked.Request || claim is not null || asked.Application is not null)
        {
            var kind = KindOf(handle, asked);
            Enter(
                handle,
                FactsOf(handle.TreeConnect, handle.FileId, handle.OpenedAt, parameters, claim) with
                {
                    Kind = kind,
                    Timeout = kind == DurableKind.None ? TimeSpan.Zero : TimeoutOf(asked, call.Request.Graph.Settings),
                    Application = asked.Application,
                    Action = action,
                },
                claim);
        }
    }

    /// <summary>
    /// Makes an open resilient (MS-SMB2 3.3.5.15.9). One that is persistent already stays so, which is the stronger promise, and waits as
    /// long as is asked for now.
    /// </summary>
    public static void MakeResilient(FileHandle handle, TimeSpan timeout)
    {
        if (handle.Global is not { } open)
        {
            var facts = FactsOf(handle.TreeConnect, handle.FileId, handle.OpenedAt, parameters: null, claim: null);
            Enter(handle, facts with { Kind = DurableKind.Resilient, Timeout = timeout }, claim: null);
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

    private static DurableFacts FactsOf(
        TreeConnect tree, Smb2FileId fileId, DateTimeOffset openedAt, CreateParameters? parameters, CreateClaim? claim)
    {
        var owner = tree.Session.Token!;
        return new DurableFacts
        {
            PersistentId = fileId.Persistent,
            Share = tree.Share.Name,
            Owner = owner.Identity.UserName,
            OwnerDomain = owner.Domain,
            OwnerSid = owner.User,
            IsOwnerSidFromName = owner.IsSidFromName,
            OpenedAt = openedAt,
            CreateGuid = claim?.CreateGuid,
            DesiredAccess = parameters?.DesiredAccess ?? default,
            CreateOptions = parameters?.Options ?? default,
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
    /// A handle is durable when the client can cache it, by a batch oplock or a lease: else others could neither use the file nor be told why
    /// not (MS-SMB2 3.3.5.9.6 and 3.3.5.9.10).
    /// </summary>
    private static DurableKind KindOf(FileHandle handle, in DurableContexts asked) =>
        (asked.Request || asked.RequestV2 is not null)
        && handle.Session.Token!.IsProven
        && !handle.File.IsDirectory
        && handle.File.Grant?.Show() is { } shown && (shown.State & CacheState.Handle) != 0
            ? DurableKind.Durable
            : DurableKind.None;

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
