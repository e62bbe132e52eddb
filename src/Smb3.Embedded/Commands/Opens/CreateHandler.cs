using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.NamedPipes;
using Smb3.Embedded.Commands.Output;
using Smb3.Embedded.Commands.Posix;
using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Dispatch;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Create;
using Smb3.Embedded.Wire.Create.Contexts;
using Smb3.Embedded.Wire.Errors;
using Smb3.Embedded.Wire.Fscc;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>CREATE (MS-SMB2 3.3.5.9).</summary>
internal sealed class CreateHandler(CommandServices services) : ICommandHandler
{
    /// <summary>How long the open of a client that is back already is given to lose its old session.</summary>
    private static readonly TimeSpan LossPatience = TimeSpan.FromSeconds(1);

    public ValueTask<NtStatus> HandleAsync(Request request)
    {
        if (!CreateRequest.TryParse(request.Message.Span, out var create) || (create.Name.Length & 1) != 0)
        {
            return new(NtStatus.InvalidParameter);
        }

        if (!create.TryGetContexts(out var contexts))
        {
            return new(NtStatus.InvalidParameter);
        }

        var status = DurableContexts.TryRead(contexts, request.Connection.Negotiated!.Dialect, out var durable);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        // What is taken up again is what it was: nothing else in the request counts, and clients do leave nonsense there.
        var tree = request.TreeConnect!;
        if (durable.IsReconnect && !tree.Share.IsPipe)
        {
            return ReconnectAsync(request, tree, create.GetName(), contexts, durable);
        }

        if (create.ImpersonationLevel > Smb2ImpersonationLevel.Delegate)
        {
            return new(NtStatus.BadImpersonationLevel);
        }

        // What the tree leads to is not what is at the share's path any more: the client connects again, to that.
        if (!tree.Share.WasInPlace)
        {
            _ = request.Graph.Shares.CheckPlace?.Invoke(tree.Share.Name).AsTask();
            return new(NtStatus.NetworkNameDeleted);
        }

        return tree.Share.IsPipe
            ? OpenPipeAsync(request, tree, create.GetName())
            : OpenFileAsync(request, tree, create, contexts, durable);
    }

    private async ValueTask<NtStatus> OpenPipeAsync(Request request, TreeConnect tree, string name)
    {
        if (!request.Session!.Opens.TryReserve())
        {
            return NtStatus.InsufficientResources;
        }

        Pipes.NamedPipe? pipe = null;
        try
        {
            var status = services.Pipes.Open(name, RpcCallers.Of(request.Session), out pipe);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }
        finally
        {
            if (pipe is null)
            {
                request.Session.Opens.Cancel();
            }
        }

        var handle = new PipeHandle(NewFileId(request), tree, request.ChannelSequence, pipe!);
        request.Session.Opens.Add(handle);
        if (tree.HasEnded || request.Session.State == SessionState.Ended)
        {
            await handle.EndAsync().ConfigureAwait(false);
            return NtStatus.NetworkNameDeleted;
        }

        request.SetRelatedOpen(handle);
        var file = new FileNetworkOpenInformation { AllocationSize = 4096, Attributes = FileAttributes.Normal };
        CreateResponse.Write(
            request.Append(CreateResponse.FixedSize), handle.FileId, Smb2OplockLevel.None, CreateAction.Opened, file, contextsLength: 0);
        return NtStatus.Success;
    }

    private ValueTask<NtStatus> OpenFileAsync(
        Request request, TreeConnect tree, in CreateRequest create, in CreateContextList contexts, in DurableContexts durable)
    {
        var status = CreateContexts.TryRead(contexts, out var asked);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        var posix = PosixCommands.AreSpoken(request) ? asked.Posix : null;
        var fileId = NewFileId(request);
        var parameters = new CreateParameters
        {
            Path = create.GetName(),
            AsOf = asked.AsOf,
            IsPosix = posix is not null,
            UnixMode = posix?.Mode,
            Caller = request.Session!.Caller,
            ClientGuid = request.Connection.Negotiated!.ClientGuid,
            HidesUnreadable = tree.Share.AccessBasedEnumeration,
            ShareMaximalAccess = tree.MaximalAccess & tree.Share.MaximalAccessOf(request.Session.Identity!),
            DesiredAccess = create.DesiredAccess,
            ShareAccess = create.ShareAccess,
            Disposition = create.Disposition,
            Options = create.Options,
            Attributes = create.FileAttributes,
            AllocationSize = asked.AllocationSize,
            SecurityDescriptor = asked.SecurityDescriptor,
            ExtendedAttributes = asked.Attributes ?? [],
            Caching = CachingContext.Read(request.Connection, tree, fileId, create.RequestedOplockLevel, asked.Lease),
            Observer = HookedFiles.Of(services, request.Session, tree.Share.Name),
            OnWait = request.GoAsync,
            KnowsAwaited = request.Connection.Negotiated.IsSmb3,
        };
        return durable.RequestV2 is { } v2
            ? OpenClaimedAsync(request, tree, fileId, parameters, asked, durable, v2.CreateGuid, create.RequestedOplockLevel)
            : OpenFileAsync(request, tree, fileId, parameters, asked, durable, claim: null);
    }

    /// <summary>Opens a file under a create guid, which no other open of the client may have (MS-SMB2 3.3.5.9.10).</summary>
    private async ValueTask<NtStatus> OpenClaimedAsync(
        Request request, TreeConnect tree, Smb2FileId fileId, CreateParameters parameters, CreateContexts asked, DurableContexts durable,
        Guid createGuid, Smb2OplockLevel level)
    {
        var table = request.Graph.Opens;
        var claim = table.TryClaim(request.Connection.Negotiated!.ClientGuid, createGuid, out var holder);
        var status = CheckReplay(request, tree, parameters, asked, durable, createGuid, level, claim is null ? holder : null, out var made);
        if (claim is null || made is not null || status != NtStatus.Success)
        {
            if (claim is not null)
            {
                table.Abandon(claim);
            }

            return status != NtStatus.Success ? status
                : made!.Handle is { } handle && handle.TreeConnect == tree
                    ? await AnswerReplayAsync(request, handle, asked, durable, level).ConfigureAwait(false)
                    : await TakeUpAgainAsync(request, tree, made, asked, durable, level).ConfigureAwait(false);
        }

        request.CanBeReplayed = true;
        try
        {
            return await OpenFileAsync(request, tree, fileId, parameters, asked, durable, claim).ConfigureAwait(false);
        }
        finally
        {
            if (claim.Open is null)
            {
                table.Abandon(claim);
            }
        }
    }

    private ValueTask<NtStatus> ReconnectAsync(
        Request request, TreeConnect tree, string name, in CreateContextList contexts, in DurableContexts durable)
    {
        var status = CreateContexts.TryRead(contexts, out var asked);
        if (status != NtStatus.Success)
        {
            return new(status);
        }

        return ReconnectAsync(request, tree, name, asked, durable);
    }

    private async ValueTask<NtStatus> ReconnectAsync(
        Request request, TreeConnect tree, string name, CreateContexts asked, DurableContexts durable)
    {
        if (LostOpens.WhenLost(request, durable) is { } lost)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(request.Token, tree.Share.Life.Over);
            await lost.WaitAsync(LossPatience, request.Graph.Settings.TimeProvider, either.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!tree.Share.TryBeginOpening())
        {
            return NtStatus.NetworkNameDeleted;
        }

        NtStatus status;
        try
        {
            status = await TakeUpAsync(request, tree, name, asked, durable).ConfigureAwait(false);
        }
        finally
        {
            tree.Share.EndOpening();
        }

        if (status == NtStatus.ObjectNameNotFound && LostOpens.WhenClosed(request, durable) is { } closed)
        {
            await closed.WaitAsync(request.Token).ConfigureAwait(false);
        }

        return status;
    }

    private async ValueTask<NtStatus> TakeUpAsync(
        Request request, TreeConnect tree, string name, CreateContexts asked, DurableContexts durable)
    {
        // A rename that the lost session had begun may still run, and a lease comes back by the name of its file.
        await LostOpens.WhenFormerLeftAsync(request, durable).ConfigureAwait(false);
        var status = LostOpens.Find(request, tree, name, durable, asked.Lease, out var lost);
        return status == NtStatus.Success
            ? await TakeUpAsync(request, tree, lost, CreateAction.Opened, asked, durable, Smb2OplockLevel.Lease).ConfigureAwait(false)
            : status;
    }

    private async ValueTask<NtStatus> TakeUpAsync(
        Request request, TreeConnect tree, GlobalOpen lost, CreateAction action, CreateContexts asked, DurableContexts durable,
        Smb2OplockLevel atMost)
    {
        // All that can fail comes first: then the open still waits for its client. What the lost connection had brought ends before the
        // new one brings anything.
        await lost.WhenFormerLeftAsync().ConfigureAwait(false);
        var metadata = await lost.File.GetMetadataAsync(request.Token).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status == NtStatus.FileClosed ? NtStatus.ObjectNameNotFound : metadata.Status;
        }

        var facts = await CreateFacts.GatherAsync(lost.File, asked, request.Token).ConfigureAwait(false);

        // A break that began while the client was away counts in the epoch that it is told.
        facts = facts with { Caching = lost.File.Grant?.Show() };
        var status = await SettleAsync(lost.File, action).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        status = LostOpens.TryReconnect(request, tree, lost, out var handle);
        if (status != NtStatus.Success)
        {
            return status;
        }

        try
        {
            if (!tree.HasEnded && request.Session!.State != SessionState.Ended)
            {
                if (handle.File.Observation is { } observed && HookedFiles.Of(services, request.Session, tree.Share.Name) is { } observer)
                {
                    observed.Observer = observer;
                }

                Write(request, handle, CreateOutcome.Opened(handle.File, action, metadata.Value), asked, durable, facts, atMost);
                return NtStatus.Success;
            }
        }
        catch
        {
            await handle.LoseSessionAsync().ConfigureAwait(false);
            throw;
        }

        await handle.LoseSessionAsync().ConfigureAwait(false);
        return NtStatus.NetworkNameDeleted;
    }

    private static NtStatus CheckReplay(
        Request request, TreeConnect tree, CreateParameters parameters, in CreateContexts asked, in DurableContexts durable, Guid createGuid,
        Smb2OplockLevel level, CreateClaim? holder, out GlobalOpen? made)
    {
        var replay = new CreateReplay(request, tree, parameters, durable, level == Smb2OplockLevel.Lease ? asked.Lease : null);
        return holder is not null ? replay.Check(holder, out made) : replay.FindLost(createGuid, out made);
    }

    /// <summary>
    /// Answers a CREATE whose session was lost, perhaps with the process, before it was answered: as it was carried out then.
    /// </summary>
    private async ValueTask<NtStatus> TakeUpAgainAsync(
        Request request, TreeConnect tree, GlobalOpen made, CreateContexts asked, DurableContexts durable, Smb2OplockLevel level)
    {
        if (!tree.Share.TryBeginOpening())
        {
            return NtStatus.NetworkNameDeleted;
        }

        try
        {
            var status = await TakeUpAsync(request, tree, made, made.Facts.Action, asked, durable, level).ConfigureAwait(false);

            // Somebody else was faster, and has it now.
            return status == NtStatus.ObjectNameNotFound ? NtStatus.FileNotAvailable : status;
        }
        finally
        {
            tree.Share.EndOpening();
        }
    }

    /// <summary>Answers a CREATE that was carried out before, as it is now.</summary>
    private static async ValueTask<NtStatus> AnswerReplayAsync(
        Request request, FileHandle handle, CreateContexts asked, DurableContexts durable, Smb2OplockLevel level)
    {
        var metadata = await handle.File.GetMetadataAsync(request.Token).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        var facts = await CreateFacts.GatherAsync(handle.File, asked, request.Token).ConfigureAwait(false);

        // What the first one has made may still be on its way to the disk and into the journal.
        facts = facts with { Caching = handle.File.Grant?.Show() };
        var action = handle.Global!.Facts.Action;
        var safe = await SettleAsync(handle.File, action).ConfigureAwait(false);
        if (safe != NtStatus.Success)
        {
            return safe;
        }

        Write(request, handle, CreateOutcome.Opened(handle.File, action, metadata.Value), asked, durable, facts, level);
        return NtStatus.Success;
    }

    /// <summary>
    /// Completes when what a CREATE has done is safe. Its replay waits for that too: the first one may not have come to its end, and after a
    /// crash the handle can be known while the file that was made is not on the disk yet.
    /// </summary>
    private static ValueTask<NtStatus> SettleAsync(FileOpen open, CreateAction action) =>
        action == CreateAction.Opened ? open.State.CommitAsync() : open.SettleAsync();

    private static async ValueTask<NtStatus> OpenFileAsync(
        Request request, TreeConnect tree, Smb2FileId fileId, CreateParameters parameters, CreateContexts asked, DurableContexts durable,
        CreateClaim? claim)
    {
        if (!tree.Share.TryBeginOpening())
        {
            return NtStatus.NetworkNameDeleted;
        }

        try
        {
            return await OpenHeldAsync(request, tree, fileId, parameters, asked, durable, claim).ConfigureAwait(false);
        }
        finally
        {
            tree.Share.EndOpening();
        }
    }

    /// <summary>The same, while the share cannot let go of its files.</summary>
    private static async ValueTask<NtStatus> OpenHeldAsync(
        Request request, TreeConnect tree, Smb2FileId fileId, CreateParameters parameters, CreateContexts asked, DurableContexts durable,
        CreateClaim? claim)
    {
        var session = request.Session!;
        if (durable.Application is { } application)
        {
            var status = await DurableOpening.SucceedAsync(request, tree, application, parameters.Path, parameters.Caller)
                .ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }
        }

        if (!session.Opens.TryReserve())
        {
            return NtStatus.InsufficientResources;
        }

        if (tree.Share.Volume!.Quotas is not null && QuotaHandle.IsNamed(parameters.Path))
        {
            return await OpenQuotasAsync(request, tree, fileId, parameters).ConfigureAwait(false);
        }

        // What can be asked for again is carried through, whatever becomes of the connection, unless the client cancels it.
        var ended = request.Token;
        CreateOutcome outcome;
        try
        {
            outcome = await tree.Share.Volume!.CreateAsync(parameters, ended).ConfigureAwait(false);
        }
        catch
        {
            session.Opens.Cancel();
            throw;
        }

        if (outcome.Open is not { } open)
        {
            session.Opens.Cancel();
            if (outcome.Symlink is { } link)
            {
                WriteSymlink(request, link);
            }

            return outcome.Status;
        }

        FileHandle? handle = null;
        var safe = NtStatus.Success;
        try
        {
            // The store is asked before the tables are entered: nobody would own what is in them and could not be answered.
            var facts = await CreateFacts.GatherAsync(open, asked, ended).ConfigureAwait(false);
            handle = new FileHandle(fileId, tree, request.ChannelSequence, open);
            DurableOpening.Enter(request, handle, parameters, durable, claim, outcome.Action);
            session.Opens.Add(handle);
            facts = facts with { Caching = open.Grant?.Show() };
            safe = await SettleAsync(open, outcome.Action).ConfigureAwait(false);
            if (safe == NtStatus.Success && !tree.HasEnded && session.State != SessionState.Ended)
            {
                Write(request, handle, outcome, asked, durable, facts);
                if (open.Grant is not null && parameters.Caching?.Sink is BreakNotifier notifier)
                {
                    // The client cannot know the open before it has the response.
                    request.OnSend(notifier.Announce);
                    request.AfterSend(notifier.SendEarly);
                }

                return NtStatus.Success;
            }
        }
        catch (Exception e)
        {
            try
            {
                await UndoAsync(session, open, handle, outcome.Action).ConfigureAwait(false);
            }
            catch (Exception second) when (second != e)
            {
                request.Graph.Fault?.Invoke(second);
            }

            throw;
        }

        // A client that lost its session while the open was made asks for it again in its next one.
        if (safe == NtStatus.Success && handle.Global is { Kind: DurableKind.Persistent } && session.IsLost && !tree.IsDisconnected)
        {
            await handle.LoseSessionAsync().ConfigureAwait(false);
            return NtStatus.NetworkNameDeleted;
        }

        // The journal could not keep it; or the tree connect or the session ended while it was made, and no longer saw it in the table.
        await UndoAsync(session, open, handle, outcome.Action).ConfigureAwait(false);
        return safe != NtStatus.Success ? safe : NtStatus.NetworkNameDeleted;
    }

    /// <summary>
    /// Takes an open back that its client never hears of. It deletes nothing that was there before. What it has made stays: others may
    /// have opened it meanwhile.
    /// </summary>
    private static async ValueTask UndoAsync(Session session, FileOpen open, FileHandle? handle, CreateAction action)
    {
        if (action != CreateAction.Created)
        {
            open.State.SetDeleteOnClose(false);
        }

        if (handle is not null)
        {
            await handle.EndAsync().ConfigureAwait(false);
            return;
        }

        session.Opens.Cancel();
        await open.CloseAsync().ConfigureAwait(false);
    }

    /// <summary>Opens the quota file; the place for it in the session's table is taken.</summary>
    private static async ValueTask<NtStatus> OpenQuotasAsync(
        Request request, TreeConnect tree, Smb2FileId fileId, CreateParameters parameters)
    {
        var session = request.Session!;
        var granted = QuotaFileCreate.Grant(parameters);
        if (!granted.Succeeded)
        {
            session.Opens.Cancel();
            return granted.Status;
        }

        var name = new FileName(new StorePath(parameters.Path), string.Empty, IsDirectory: false);
        if (parameters.Observer is { } observer
            && !await observer.AllowsOpenAsync(
                new OpenIntent(name, granted.Value, parameters.Disposition, parameters.Options, Exists: true), request.Token)
                .ConfigureAwait(false))
        {
            session.Opens.Cancel();
            return NtStatus.AccessDenied;
        }

        var handle = new QuotaHandle(fileId, tree, request.ChannelSequence, parameters.Caller, granted.Value);
        session.Opens.Add(handle);
        if (tree.HasEnded || session.State == SessionState.Ended)
        {
            await handle.EndAsync().ConfigureAwait(false);
            return NtStatus.NetworkNameDeleted;
        }

        request.SetRelatedOpen(handle);
        var file = new FileNetworkOpenInformation
        {
            Attributes = FileAttributes.Hidden | FileAttributes.System | FileAttributes.Directory | FileAttributes.Archive,
        };
        CreateResponse.Write(
            request.Append(CreateResponse.FixedSize), fileId, Smb2OplockLevel.None, CreateAction.Opened, file, contextsLength: 0);
        return NtStatus.Success;
    }

    private static void Write(
        Request request,
        FileHandle handle,
        in CreateOutcome outcome,
        in CreateContexts asked,
        in DurableContexts durable,
        in CreateFacts facts,
        Smb2OplockLevel atMost = Smb2OplockLevel.Lease)
    {
        var maximal = facts.MaximalAccess;
        request.SetRelatedOpen(handle);
        var body = request.Append(CreateResponse.FixedSize + CreateContextWriter.MaxResponseSize);
        var contexts = new CreateContextWriter(body[CreateResponse.ContextsOffset..]);
        if (asked.MaximalAccess is { } query)
        {
            // MS-SMB2 2.2.14.2.5: only when the file is newer than what the client knows.
            var unchanged = query.Timestamp is { } known && known == outcome.Metadata.LastWriteTime;
            contexts.MaximalAccess(
                unchanged ? NtStatus.NoneMapped : maximal.Status, unchanged || !maximal.Succeeded ? FileAccessMask.None : maximal.Value);
        }

        if (asked.OnDiskId)
        {
            contexts.OnDiskId(outcome.Metadata.FileId, facts.VolumeSerial);
        }

        // A durable handle comes with the cached handle; a persistent one does not depend on it (MS-SMB2 3.3.5.9.10).
        if (atMost >= Smb2OplockLevel.Batch || handle.Global is { Kind: DurableKind.Persistent })
        {
            DurableOpening.Write(handle, durable, ref contexts);
        }

        if (facts.Posix is { } posix)
        {
            PosixCommands.Answer(posix, ref contexts);
        }

        if (asked.Apple is { } apple)
        {
            AppleContext.Write(request, handle, apple, request.Graph.Settings.AppleModel, ref contexts);
        }

        var level = CachingContext.Write(handle.File, facts.Caching, ref contexts);
        var length = CreateResponse.Write(
            body, handle.FileId, level < atMost ? level : atMost, outcome.Action, outcome.Metadata.ToNetworkOpen(), contexts.Length);
        request.TrimBody(length);
    }

    /// <summary>MS-SMB2 2.2.2.2.1: the client learns where the link leads and goes on by itself.</summary>
    private static void WriteSymlink(Request request, SymlinkStop link)
    {
        if (!ReparseDataBuffer.TryParse(link.Buffer.Span, out var buffer)
            || !buffer.TryGetSymlink(out var substituteName, out var printName, out var isRelative))
        {
            return;
        }

        var asContext = request.Connection.Negotiated!.Dialect == Smb2Dialect.Smb311;
        var size = SymlinkErrorResponse.Size(substituteName, printName);
        var body = request.Append(ErrorResponse.Size(asContext, size));
        SymlinkErrorResponse.Write(
            ErrorResponse.WriteWithData(body, asContext, ErrorContextId.Default, size),
            substituteName, printName, link.UnparsedLength, isRelative);
        request.KeepBody();
    }

    private static Smb2FileId NewFileId(Request request)
    {
        var id = request.Graph.NextFileId();
        return new Smb2FileId(id, id);
    }
}
