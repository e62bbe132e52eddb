using System.Collections;
using System.Collections.Frozen;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Dfs;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Sessions.Shares;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded;

/// <summary>
/// The shares of a server. They can be added, changed and removed while it runs and while it is stopped. Safe for concurrent use;
/// changes take effect one after the other. Enumerating gives the shares as they were when it began.
/// </summary>
public sealed class SmbShareCollection : IReadOnlyCollection<SmbShareInfo>
{
    private readonly HostedShares _entries = new();
    private readonly ShareTurns _turn;
    private readonly VolumeTable _volumes;
    private readonly ShareRequirements _requirements;
    private readonly ILogger _logger;
    private volatile IReadOnlyDictionary<string, Share> _clustered = FrozenDictionary<string, Share>.Empty;
    private Func<string, IDfsRoot>? _elsewhere;
    private Action? _clusteredChanged;
    private ShareTable? _running;

    // The turns are shared with the server: shares do not change while it starts or stops.
    internal SmbShareCollection(
        ServerSettings settings,
        IEnumerable<SmbShareOptions> shares,
        IStateStore? state,
        bool isClustered,
        ShareTurns turn,
        ILogger logger,
        Diagnostics.ServerMetrics metrics)
    {
        _requirements = new ShareRequirements(settings, keepsState: state is not null, isClustered);
        _turn = turn;
        _logger = logger;
        _volumes = new VolumeTable(
            new Files.VolumeOptions
            {
                Time = settings.TimeProvider,
                BreakTimeout = settings.BreakTimeout,
                Logger = logger,
                Metrics = metrics,
            },
            state,
            LeaveToOther);
        foreach (var share in shares)
        {
            _entries.Set(NewEntry(share.Clone()));
        }

        ShowClustered();
    }

    /// <summary>How many there are, IPC$ not counted.</summary>
    public int Count => _entries.Wholes.Count();

    /// <summary>How the state of what clients have open is kept.</summary>
    internal IReadOnlyList<SmbKeptState> KeptState => [.. _entries.All.Select(static entry => entry.Volume?.Options.Journal)
        .OfType<StateJournal>().Distinct().Select(static journal => new SmbKeptState(journal))];

    /// <summary>Those that are namespaces.</summary>
    internal IReadOnlyList<HostedNamespace> Namespaces => [.. _entries.All.Select(static entry => entry.Options.Namespace).OfType<HostedNamespace>()];

    internal int OpenVolumes => _volumes.Count;

    /// <summary>The clustered ones, without their files, by name.</summary>
    internal IReadOnlyDictionary<string, Share> Clustered => _clustered;

    /// <summary>The host's store that a share is on; null: a folder, or no such share.</summary>
    internal IFileStore? StoreOf(string name) => _entries.Find(name)?.Options.Store;

    /// <summary>Whether there is a share of this name; case does not count.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _entries.Find(name) is not null;

    /// <summary>Asks the store of a share how much room there is.</summary>
    /// <param name="name">The share's name; case does not count.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/>: there is no such share, it has no files, or its store does not know or is away.</returns>
    public async ValueTask<SmbShareSpace?> MeasureSpaceAsync(string name, CancellationToken cancellationToken = default)
    {
        if (_entries.Find(name)?.Volume is not { } volume)
        {
            return null;
        }

        var measured = await volume.Store.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        return measured is { Succeeded: true, Value: { TotalBytes: > 0 } found } ? new(found.TotalBytes, found.AvailableBytes) : null;
    }

    /// <summary>Adds a share of a folder.</summary>
    /// <param name="name">The share's name.</param>
    /// <param name="folder">The folder, or <c>memory:</c>.</param>
    /// <param name="cancellationToken">Ends the wait for another change.</param>
    /// <inheritdoc cref="AddAsync(SmbShareOptions, CancellationToken)" path="/exception"/>
    public Task AddAsync(string name, string folder, CancellationToken cancellationToken = default) =>
        AddAsync(new SmbShareOptions { Name = name, Folder = folder }, cancellationToken);

    /// <summary>Adds a share of a store of the host.</summary>
    /// <param name="name">The share's name.</param>
    /// <param name="store">The store.</param>
    /// <param name="cancellationToken">Ends the wait for another change.</param>
    /// <inheritdoc cref="AddAsync(SmbShareOptions, CancellationToken)" path="/exception"/>
    public Task AddAsync(string name, IFileStore store, CancellationToken cancellationToken = default) =>
        AddAsync(new SmbShareOptions { Name = name, Store = store }, cancellationToken);

    /// <summary>Adds a share. Clients can use it when the task has ended.</summary>
    /// <param name="share">The share; later changes to the object have no effect.</param>
    /// <param name="cancellationToken">Ends the wait for another change.</param>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A property has an invalid value.</exception>
    /// <exception cref="InvalidOperationException">There is a share of that name, or guests are off for the whole server.</exception>
    /// <exception cref="SmbServerStartException">The server runs and the folder cannot be used.</exception>
    public async Task AddAsync(SmbShareOptions share, CancellationToken cancellationToken = default)
    {
        var added = Check(share);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (Contains(added.Options.Name))
            {
                throw new InvalidOperationException($"There is a share '{share.Name}' already; remove it first, or change it.");
            }

            await PublishAsync(added).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Replaces the share of the same name, or adds one. Every use of the old one ends; clients reconnect by themselves. When the new one
    /// cannot be opened, the old one stays.
    /// </summary>
    /// <inheritdoc cref="AddAsync(SmbShareOptions, CancellationToken)"/>
    public async Task ChangeAsync(SmbShareOptions share, CancellationToken cancellationToken = default)
    {
        var changed = Check(share);
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // The new one is opened before the old one is released: a volume shared by both stays, and a failure changes nothing.
            if (_running is not null && !changed.Options.Clustered)
            {
                changed.Volume = _volumes.Rent(changed.Options);
            }

            try
            {
                await TakeAwayAsync(changed.Options.Name).ConfigureAwait(false);
            }
            catch when (changed.Volume is not null)
            {
                await _volumes.ReturnAsync(changed.Options).ConfigureAwait(false);
                throw;
            }

            await PublishAsync(changed).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Gives the namespace of the same name other links; false when there is none, or when more than its links differs.
    /// </summary>
    internal async Task<bool> TryChangeAsync(SmbNamespaceOptions changed, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Namespaces.FirstOrDefault(space => space.Options.Name == changed.Name)?.TryChange(changed) ?? false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Removes a share and ends every use of it.</summary>
    /// <param name="name">The name; case does not count.</param>
    /// <param name="cancellationToken">Ends the wait for another change.</param>
    /// <returns>Whether there was one.</returns>
    public async Task<bool> RemoveAsync(string name, CancellationToken cancellationToken = default)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return _entries.Find(name) is { Whole: null } && await TakeAwayAsync(name).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public IEnumerator<SmbShareInfo> GetEnumerator()
    {
        SmbShareInfo[] shares =
            [.. _entries.Wholes.Select(static entry => entry.Describe()).OrderBy(static share => share.Name, StringComparer.OrdinalIgnoreCase)];
        return ((IEnumerable<SmbShareInfo>)shares).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Brings a share up to date whose folder is gone, was replaced or is back.</summary>
    /// <param name="name">The share; null: all, one after the other.</param>
    internal async ValueTask CheckPlaceAsync(string? name)
    {
        foreach (var entry in _entries.All)
        {
            if (name is null || name.Equals(entry.Options.Name, StringComparison.OrdinalIgnoreCase))
            {
                await entry.Places.CheckAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// The files of a share belong to another server now: removes it, and all shares of the same files, without touching the store.
    /// Requests are refused from this call on; a change that is under way continues without the store too.
    /// </summary>
    /// <returns>Whether there was one.</returns>
    internal async Task<bool> FenceAsync(string name)
    {
        var fenced = _running?.Fence(name) ?? [];
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

    /// <summary>
    /// Serves a clustered share that this node has got; what clients have open on it is back by then. Several are opened beside each other; whoever
    /// calls does not work on this one at the same time.
    /// </summary>
    /// <returns>Whether there is still such a share, and it was not served yet.</returns>
    internal async Task<bool> OpenOwnedAsync(string name, OwnedVolume owned, CancellationToken cancellationToken)
    {
        await _turn.WaitForOneAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_running is not { } table || _entries.Find(name) is not { Options.Clustered: true, Volume: null } entry)
            {
                return false;
            }

            entry.Volume = _volumes.Rent(entry.Options, owned: owned);
            await EnterAsync(table, entry).ConfigureAwait(false);
            entry.Owned = owned;
            return true;
        }
        finally
        {
            _turn.ReleaseOne();
        }
    }

    /// <summary>
    /// Serves a clustered share no more; it stays known. What clients have open was suspended before, or the share was fenced
    /// (<see cref="ShareTable.Fence"/>).
    /// </summary>
    internal async Task CloseOwnedAsync(string name, CancellationToken cancellationToken)
    {
        await _turn.WaitForOneAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_entries.Find(name) is { Options.Clustered: true, Volume: not null } entry)
            {
                await LetGoAsync(entry).ConfigureAwait(false);
            }
        }
        finally
        {
            _turn.ReleaseOne();
        }
    }

    /// <summary>Makes the parts of clustered shares known, and forgets what is none any more. Quick when nothing has changed.</summary>
    internal async ValueTask ShowPartsAsync(IReadOnlySet<SharePart> parts, CancellationToken cancellationToken)
    {
        if (_entries.HasParts(parts))
        {
            return;
        }

        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var entry in _entries.PartsBut(parts))
            {
                await TakeAwayAsync(entry.Options.Name).ConfigureAwait(false);
            }

            foreach (var part in parts)
            {
                if (_entries.FindWhole(part) is { } whole && !Contains(part.Name))
                {
                    var options = whole.Options.Clone();
                    options.Name = part.Name;
                    options.Part = part;
                    _entries.Set(NewEntry(options, whole));
                }
            }

            ShowClustered();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>The server is a node of a cluster.</summary>
    /// <param name="elsewhere">Gives where a clustered share is while it is not here.</param>
    /// <param name="changed">Told when a clustered share was added, changed or removed.</param>
    internal void Follow(Func<string, IDfsRoot> elsewhere, Action changed)
    {
        _elsewhere = elsewhere;
        _clusteredChanged = changed;
        ShowClustered();
    }

    /// <summary>The clustered shares that are served here, with their volumes.</summary>
    internal IEnumerable<(string Name, Files.Volume Volume)> OwnedVolumes
    {
        get
        {
            foreach (var entry in _entries.All)
            {
                if (entry is { Options.Clustered: true, Running: not null, Volume: { } volume })
                {
                    yield return (entry.Options.Name, volume);
                }
            }
        }
    }

    /// <summary>Whether a clustered share is served here.</summary>
    internal bool IsServed(string name) => _entries.Find(name)?.Running is not null;

    /// <summary>Opens every share and puts it into <paramref name="table"/>. The server holds the lock.</summary>
    internal async Task OpenAsync(ShareTable table)
    {
        try
        {
            foreach (var entry in _entries.All.Where(static entry => !entry.Options.Clustered))
            {
                entry.Volume ??= _volumes.Rent(entry.Options);
                entry.Running = entry.Create();
                table.TryAdd(entry.Running);
            }

            table.CheckPlace = CheckPlaceAsync;
            _running = table;
        }
        catch
        {
            await CloseAsync(keepStores: false).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The server has stopped. The contents of a memory store stay for the next start unless the server is disposed.</summary>
    internal async Task CloseAsync(bool keepStores)
    {
        _running = null;
        foreach (var entry in _entries.All)
        {
            entry.Running = null;
            entry.Lost = null;
            entry.Owned = null;
            var keep = keepStores && entry.Options.Folder == SmbShareOptions.Memory;
            if (entry.Volume is not null && !keep)
            {
                entry.Volume = null;
                await _volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
            }
        }
    }

    private HostedShare Check(SmbShareOptions share)
    {
        ArgumentNullException.ThrowIfNull(share);
        var copy = share.Clone();
        OptionsValidator.Check(copy);
        _requirements.Check(copy);
        return NewEntry(copy);
    }

    private async ValueTask PublishAsync(HostedShare entry)
    {
        if (_running is { } table && !entry.Options.Clustered)
        {
            entry.Volume ??= _volumes.Rent(entry.Options);
            await EnterAsync(table, entry).ConfigureAwait(false);
        }

        _entries.Set(entry);
        if (entry.Options.Clustered)
        {
            ShowClustered();
        }
    }

    private void ShowClustered()
    {
        _clustered = _entries.All.Where(static entry => entry.Options.Clustered)
            .ToFrozenDictionary(static entry => entry.Options.Name, Show, StringComparer.OrdinalIgnoreCase);
        _clusteredChanged?.Invoke();

        Share Show(HostedShare entry)
        {
            var share = entry.Create(withFiles: false);
            share.Dfs = _elsewhere?.Invoke(share.Name);
            return share;
        }
    }

    /// <summary>Lets clients use a share, whose opens from before are back by then; if it cannot be used, its volume is let go.</summary>
    private async ValueTask EnterAsync(ShareTable table, HostedShare entry)
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
            await _volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
            throw;
        }
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
            Diagnostics.ServerLog.OpenFault(_logger, e);
        }
    });

    private async ValueTask<bool> TakeAwayAsync(string name)
    {
        if (!_entries.TryRemove(name, out var entry))
        {
            return false;
        }

        if (entry.Options.Clustered)
        {
            ShowClustered();
        }

        await LetGoAsync(entry).ConfigureAwait(false);
        return true;
    }

    /// <summary>Ends every use of a share, and of its store.</summary>
    private async ValueTask LetGoAsync(HostedShare entry)
    {
        try
        {
            if (_running is { } table)
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
                await _volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
            }
        }
    }

    private HostedShare NewEntry(SmbShareOptions options, HostedShare? whole = null)
    {
        var entry = new HostedShare(options) { Whole = whole };
        entry.Places = new PlaceKeeper(
            () => _running is not null && entry.NeedsMending,
            () => MendPlaceAsync(entry),
            e => Diagnostics.ServerLog.OpenFault(_logger, e));
        return entry;
    }

    private async Task MendPlaceAsync(HostedShare asked)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_running is not { } table || !asked.NeedsMending)
            {
                return;
            }

            // Shares of one folder have one volume: all of them release it before it is opened again.
            var store = asked.Placed;
            var wrong = Array.FindAll(_entries.All, entry => entry.Placed == store);
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
            _turn.Release();
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
            Diagnostics.ServerLog.PlaceMissing(_logger, entry.Options.Name, entry.Place);
        }
        else
        {
            Diagnostics.ServerLog.PlaceReplaced(_logger, entry.Options.Name, entry.Place);
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
            await _volumes.ReturnAsync(entry.Options).ConfigureAwait(false);
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
            entry.Volume = _volumes.Rent(entry.Options, lost, entry.Owned);
            await EnterAsync(table, entry).ConfigureAwait(false);
            entry.Lost = null;
            entry.WasUnusable = false;
            Diagnostics.ServerLog.PlaceServed(_logger, entry.Options.Name, entry.Place);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SmbServerStartException)
        {
            if (!entry.WasUnusable)
            {
                Diagnostics.ServerLog.PlaceUnusable(_logger, e, entry.Options.Name, entry.Place);
            }

            entry.WasUnusable = true;
        }
    }
}
