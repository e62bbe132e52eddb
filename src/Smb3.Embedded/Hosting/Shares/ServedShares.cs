using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Hosting.Shares;

/// <summary>
/// The shares that the host wants, and what of them clients can use: opens their files and lets clients in, ends every use and lets the files go.
/// Whoever changes shares through it has his turn, except where it says otherwise.
/// </summary>
internal sealed class ServedShares
{
    private readonly ShareTurns _turn;
    private readonly ILogger _logger;

    /// <param name="volumes">What all volumes have in common.</param>
    /// <param name="state">Where what clients have open is kept; null: nowhere.</param>
    /// <param name="turn">Whose turn it is.</param>
    /// <param name="logger">The log.</param>
    public ServedShares(VolumeOptions volumes, IStateStore? state, ShareTurns turn, ILogger logger)
    {
        _turn = turn;
        _logger = logger;
        Volumes = new VolumeTable(volumes, state, LeaveToOther);
        Places = new SharePlaces(this, turn, logger);
    }

    /// <summary>All that the host wants, and the parts of those that are split.</summary>
    public HostedShares Entries { get; } = new();

    /// <summary>The volumes that are open.</summary>
    public VolumeTable Volumes { get; }

    /// <summary>Sees to folders that are gone, replaced or back.</summary>
    public SharePlaces Places { get; }

    /// <summary>Where clients look for shares; null while the server does not run.</summary>
    public ShareTable? Running { get; private set; }

    /// <summary>How the state of what clients have open is kept.</summary>
    public IReadOnlyList<SmbKeptState> KeptState => [.. Entries.All.Select(static entry => entry.Volume?.Options.Journal)
        .OfType<StateJournal>().Distinct().Select(static journal => new SmbKeptState(journal))];

    /// <summary>Told when a clustered share was added, changed or removed.</summary>
    public Action? ClusteredChanged { get; set; }

    public HostedShare New(SmbShareOptions options, HostedShare? whole = null)
    {
        var entry = new HostedShare(options) { Whole = whole };
        entry.Places = Places.KeeperOf(entry);
        return entry;
    }

    /// <summary>Opens every share and puts it into <paramref name="table"/>.</summary>
    public async Task OpenAsync(ShareTable table)
    {
        try
        {
            foreach (var entry in Entries.All.Where(static entry => !entry.Options.Clustered))
            {
                entry.Volume ??= Volumes.Rent(entry.Options);
                entry.Running = entry.Create();
                table.TryAdd(entry.Running);
            }

            table.CheckPlace = Places.CheckAsync;
            Running = table;
        }
        catch
        {
            await CloseAsync(keepStores: false).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The server has stopped. The contents of a memory store stay for the next start unless the server is disposed.</summary>
    public async Task CloseAsync(bool keepStores)
    {
        Running = null;
        foreach (var entry in Entries.All)
        {
            entry.Running = null;
            entry.Lost = null;
            entry.Owned = null;
            var keep = keepStores && entry.Options.Folder == SmbShareOptions.Memory;
            if (entry.Volume is not null && !keep)
            {
                entry.Volume = null;
                await Volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Puts a share in, in place of one that was taken away, and lets clients use it, unless it is one that the cluster gives out.</summary>
    public async ValueTask PublishAsync(HostedShare entry)
    {
        if (Running is { } table && !entry.Options.Clustered)
        {
            entry.Volume ??= Volumes.Rent(entry.Options);
            await EnterAsync(table, entry).ConfigureAwait(false);
        }

        Entries.Set(entry);
        if (entry.Options.Clustered)
        {
            ClusteredChanged?.Invoke();
        }
    }

    /// <summary>Lets clients use a share, whose opens from before are back by then; if it cannot be used, its volume is let go.</summary>
    public async ValueTask EnterAsync(ShareTable table, HostedShare entry)
    {
        var share = entry.Create();
        try
        {
            if (table.Recover is { } recover)
            {
                await recover(share).ConfigureAwait(false);
            }

            if (!table.TryAdd(share))
            {
                throw new InvalidOperationException($"The name '{share.Name}' is taken.");
            }

            entry.Running = share;
        }
        catch
        {
            entry.Volume = null;
            await Volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Removes a share.</summary>
    /// <returns>Whether there was one.</returns>
    public async ValueTask<bool> TakeAwayAsync(string name)
    {
        if (!Entries.TryRemove(name, out var entry))
        {
            return false;
        }

        if (entry.Options.Clustered)
        {
            ClusteredChanged?.Invoke();
        }

        await LetGoAsync(entry).ConfigureAwait(false);
        return true;
    }

    /// <summary>Ends every use of a share, and of its store.</summary>
    public async ValueTask LetGoAsync(HostedShare entry)
    {
        try
        {
            if (Running is { } table)
            {
                await table.RemoveAsync(entry.Options.Name).ConfigureAwait(false);
            }
        }
        finally
        {
            entry.Running = null;
            entry.Owned = null;

            // A store that could not close a file is released all the same.
            if (entry.Volume is not null)
            {
                entry.Volume = null;
                await Volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The files of a share belong to another server now: removes it, and all shares of the same files, without touching the store.
    /// Requests are refused from this call on; a change that is under way continues without the store too. Waits for its turn itself.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> FenceAsync(string name)
    {
        var fenced = Running?.Fence(name) ?? [];
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            foreach (var one in fenced)
            {
                await TakeAwayAsync(one).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.Release();
        }

        return fenced.Count > 0;
    }

    /// <summary>The opens of a share were taken over by another server, and with them the share.</summary>
    private void LeaveToOther(string name) => _ = Task.Run(async () =>
    {
        try
        {
            await FenceAsync(name).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            ServerLog.OpenFault(_logger, e);
        }
    });
}
