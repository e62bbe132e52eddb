using Smb3.Embedded.Commands.Quotas;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Closing;
using Smb3.Embedded.Files.Creating;
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
                CreateAnswer.WriteSymlink(request, link);
            }

            // A link that is on the way only now, or under its short name.
            return outcome.Status == NtStatus.IoReparseTagNotHandled && tree.Share.Dfs is not null
                ? NtStatus.PathNotCovered
                : outcome.Status;
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
            safe = await CreateAnswer.SettleAsync(open, outcome.Action).ConfigureAwait(false);
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
}
