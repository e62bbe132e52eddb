using Smb3.Embedded.Commands.Hooks;
using Smb3.Embedded.Commands.Services;
using Smb3.Embedded.Files.Creating;
using Smb3.Embedded.Files.Information;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;

namespace Smb3.Embedded.Commands.Opens;

/// <summary>A client takes up an open that has lost its session: by a reconnect, or by the CREATE that it was not answered.</summary>
internal sealed class OpenReclaim(CommandServices services)
{
    /// <summary>How long the open of a client that is back already is given to lose its old session.</summary>
    private static readonly TimeSpan LossPatience = TimeSpan.FromSeconds(1);

    /// <summary>Takes up the open that a reconnect names (MS-SMB2 3.3.5.9.7 and 3.3.5.9.12), and answers.</summary>
    /// <param name="call">The CREATE.</param>
    /// <param name="name">The file's name, which counts only for a lease.</param>
    public async ValueTask<NtStatus> ReconnectAsync(CreateCall call, string name)
    {
        var (request, tree, _, durable, _) = call;
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
            status = await TakeUpAsync(call, name).ConfigureAwait(false);
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

    private async ValueTask<NtStatus> TakeUpAsync(CreateCall call, string name)
    {
        var (request, tree, asked, durable, _) = call;

        // What the lost connection had brought ends before the new one brings anything. A rename may be among it, and a lease comes back by
        // the name of its file.
        await LostOpens.WhenFormerLeftAsync(request, durable).ConfigureAwait(false);
        var status = LostOpens.Find(request, tree, name, durable, asked.Lease, out var lost);
        return status == NtStatus.Success
            ? await TakeUpAsync(call, lost, CreateAction.Opened, Smb2OplockLevel.Lease).ConfigureAwait(false)
            : status;
    }

    private async ValueTask<NtStatus> TakeUpAsync(CreateCall call, GlobalOpen lost, CreateAction action, Smb2OplockLevel atMost)
    {
        var (request, tree, asked, _, _) = call;

        // All that can fail comes first: then the open still waits for its client.
        var metadata = await lost.File.GetMetadataAsync(request.Token).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status == NtStatus.FileClosed ? NtStatus.ObjectNameNotFound : metadata.Status;
        }

        var facts = await CreateFacts.GatherAsync(lost.File, asked, request.Token).ConfigureAwait(false);

        // A break that began while the client was away counts in the epoch that it is told.
        facts = facts with { Caching = lost.File.Grant?.Show() };
        var status = await CreateAnswer.SettleAsync(lost.File, action).ConfigureAwait(false);
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
                if (handle.File.Observation is { } observed && HookedFiles.Of(services, request.Session, tree.Share.NameForHost) is { } observer)
                {
                    observed.Observer = observer;
                }

                CreateAnswer.Write(call, handle, CreateOutcome.Opened(handle.File, action, metadata.Value), facts, atMost);
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

    /// <summary>
    /// Answers a CREATE whose session was lost, perhaps with the process, before it was answered: as it was carried out then.
    /// </summary>
    public async ValueTask<NtStatus> TakeUpAgainAsync(CreateCall call, GlobalOpen made)
    {
        var tree = call.Tree;
        if (!tree.Share.TryBeginOpening())
        {
            return NtStatus.NetworkNameDeleted;
        }

        try
        {
            await made.WhenFormerLeftAsync().ConfigureAwait(false);
            var status = await TakeUpAsync(call, made, made.Facts.Action, call.Level).ConfigureAwait(false);

            // Somebody else was faster, and has it now.
            return status == NtStatus.ObjectNameNotFound ? NtStatus.FileNotAvailable : status;
        }
        finally
        {
            tree.Share.EndOpening();
        }
    }
}
