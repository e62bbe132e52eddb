using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>Brings shares up to date whose folder is gone, was replaced or is back.</summary>
/// <param name="served">The shares.</param>
/// <param name="turn">Whose turn it is.</param>
/// <param name="logger">The log.</param>
internal sealed class SharePlaces(ServedShares served, ShareTurns turn, ILogger logger)
{
    /// <summary>What looks after the place of a share.</summary>
    public PlaceKeeper KeeperOf(HostedShare entry) => new(
        () => served.Running is not null && entry.NeedsMending,
        () => MendAsync(entry),
        e => ServerLog.OpenFault(logger, e));

    /// <summary>Completes when the place of a share is in order, or soon after.</summary>
    /// <param name="name">The share; null: all, one after the other.</param>
    public async ValueTask CheckAsync(string? name)
    {
        foreach (var entry in served.Entries.All)
        {
            if (name is null || name.Equals(entry.Options.Name, StringComparison.OrdinalIgnoreCase))
            {
                await entry.Places.CheckAsync().ConfigureAwait(false);
            }

            if (name is null)
            {
                TellProblem(entry);
            }
        }
    }

    /// <summary>Logs what is wrong with what a share keeps, once for each thing that is.</summary>
    private void TellProblem(HostedShare entry)
    {
        var problem = entry.Volume?.ProblemOfLayers;
        if (problem is not null && problem != entry.ToldProblem)
        {
            ServerLog.ShareProblem(logger, entry.Options.Name, problem);
        }

        entry.ToldProblem = problem;
    }

    private async Task MendAsync(HostedShare asked)
    {
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (served.Running is not { } table || !asked.NeedsMending)
            {
                return;
            }

            // Shares of one folder have one volume: all of them release it before it is opened again.
            var store = asked.Placed;
            var wrong = Array.FindAll(served.Entries.All, entry => entry.Placed == store);
            foreach (var entry in wrong)
            {
                await GiveUpAsync(table, entry).ConfigureAwait(false);
            }

            foreach (var entry in wrong)
            {
                await TakeUpAsync(table, entry).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Ends every use of a share whose place has changed.</summary>
    private async ValueTask GiveUpAsync(ShareTable table, HostedShare entry)
    {
        if (entry.Volume?.Place is not { } store)
        {
            return; // it has been without one for a while
        }

        if (store.CheckPlace() == StorePlace.Missing)
        {
            ServerLog.PlaceMissing(logger, entry.Options.Name, entry.Place);
        }
        else
        {
            ServerLog.PlaceReplaced(logger, entry.Options.Name, entry.Place);
        }

        entry.Lost = store;
        entry.Running = null;
        entry.Volume = null;
        try
        {
            await table.RemoveAsync(entry.Options.Name).ConfigureAwait(false);
        }
        finally
        {
            await served.Volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
        }
    }

    /// <summary>Serves what is now at the place of a share, if anything.</summary>
    private async ValueTask TakeUpAsync(ShareTable table, HostedShare entry)
    {
        if (entry.Lost is not { } lost || lost.CheckPlace() == StorePlace.Missing)
        {
            return;
        }

        try
        {
            entry.Volume = served.Volumes.Rent(entry.Options, lost, entry.Owned);
            await served.EnterAsync(table, entry).ConfigureAwait(false);
            entry.Lost = null;
            entry.WasUnusable = false;
            ServerLog.PlaceServed(logger, entry.Options.Name, entry.Place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SmbServerStartException)
        {
            if (!entry.WasUnusable)
            {
                ServerLog.PlaceUnusable(logger, e, entry.Options.Name, entry.Place);
            }

            entry.WasUnusable = true;
        }
    }
}
