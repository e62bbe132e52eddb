using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>Opens or makes a file for a CREATE: it is published when it can be answered, and not at all otherwise.</summary>
internal static class FileOpening
{
    /// <summary>Opens the file, and answers.</summary>
    /// <param name="call">The CREATE.</param>
    /// <param name="fileId">The id that the open gets.</param>
    /// <param name="parameters">What is asked for.</param>
    /// <param name="claim">The claim on its create guid, if it has one.</param>
    public static async ValueTask<NtStatus> OpenAsync(CreateCall call, Smb2FileId fileId, CreateParameters parameters, CreateClaim? claim)
    {
        var tree = call.Tree;
        if (!tree.Share.TryBeginOpening())
        {
            return NtStatus.NetworkNameDeleted;
        }

        try
        {
            return await OpenHeldAsync(call, fileId, parameters, claim).ConfigureAwait(false);
        }
        finally
        {
            tree.Share.EndOpening();
        }
    }

    /// <summary>The same, while the share cannot let go of its files.</summary>
    private static async ValueTask<NtStatus> OpenHeldAsync(CreateCall call, Smb2FileId fileId, CreateParameters parameters, CreateClaim? claim)
    {
        var (request, tree, asked, durable, _) = call;
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
            return await QuotaOpening.OpenAsync(request, tree, fileId, parameters).ConfigureAwait(false);
        }

        using var promised = DurableOpening.TryPromise(call, fileId, parameters, claim);
        if (promised is not null)
        {
            parameters = parameters with { Intent = new CreateIntent(tree.Share.Volume, promised.Facts) };
        }

        try
        {
            // What can be asked for again is carried through, whatever becomes of the connection, unless the client cancels it.
            var outcome = await CreateAsync(call, parameters).ConfigureAwait(false);
            if (outcome.Open is not null)
            {
                return await PublishAsync(call, fileId, parameters, claim, promised, outcome).ConfigureAwait(false);
            }

            // A link that is on the way only now, or under its short name.
            return outcome.Status == NtStatus.IoReparseTagNotHandled && tree.Share.Dfs is not null ? NtStatus.PathNotCovered : outcome.Status;
        }
        finally
        {
            parameters.Intent?.EndMaking();
        }
    }

    /// <summary>Opens the file; the place for it in the session's table is taken, and given back if there is none.</summary>
    private static async ValueTask<CreateOutcome> CreateAsync(CreateCall call, CreateParameters parameters)
    {
        var request = call.Request;
        CreateOutcome outcome;
        try
        {
            outcome = await call.Tree.Share.Volume!.CreateAsync(parameters, request.Token).ConfigureAwait(false);
        }
        catch
        {
            request.Session!.Opens.Cancel();
            throw;
        }

        if (outcome.Open is null)
        {
            request.Session!.Opens.Cancel();
            if (outcome.Symlink is { } link)
            {
                CreateAnswer.WriteSymlink(request, link);
            }
        }

        return outcome;
    }

    /// <summary>Makes an open known, and answers.</summary>
    private static async ValueTask<NtStatus> PublishAsync(
        CreateCall call, Smb2FileId fileId, CreateParameters parameters, CreateClaim? claim, PersistentPromise? promised, CreateOutcome outcome)
    {
        var (request, tree, asked, _, _) = call;
        var session = request.Session!;
        var open = outcome.Open!;
        FileHandle? handle = null;
        var safe = NtStatus.Success;
        try
        {
            // The store is asked before the tables are entered: nobody would own what is in them and could not be answered.
            var facts = await CreateFacts.GatherAsync(open, asked, request.Token).ConfigureAwait(false);
            handle = new FileHandle(fileId, tree, request.ChannelSequence, open);
            DurableOpening.Enter(call, handle, parameters, claim, promised, outcome.Action);
            session.Opens.Add(handle);
            facts = facts with { Caching = open.Grant?.Show() };
            safe = outcome.Action == CreateAction.Created && parameters.Intent is { IsDeclared: true }
                ? await open.SettleMadeAsync().ConfigureAwait(false)
                : await CreateAnswer.SettleAsync(open, outcome.Action).ConfigureAwait(false);
            if (safe == NtStatus.Success && !tree.HasEnded && session.State != SessionState.Ended)
            {
                CreateAnswer.Write(call, handle, outcome, facts);
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

        // A client that lost its session while the open was made asks for it again in its next one; and one whose share went to another node,
        // there: its session may have found another connection meanwhile.
        var isLost = session.IsLost || (tree.HasEnded && session.State != SessionState.Ended);
        if (safe == NtStatus.Success && handle.Global is { Kind: DurableKind.Persistent } && isLost && !tree.IsDisconnected)
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
}
