using System.Collections;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Hosting.Shares;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded;

/// <summary>
/// The shares of a server. They can be added, changed and removed while it runs and while it is stopped. Safe for concurrent use;
/// changes take effect one after the other. Enumerating gives the shares as they were when it began.
/// </summary>
public sealed class SmbShareCollection : IReadOnlyCollection<SmbShareInfo>
{
    private readonly ShareTurns _turn;
    private readonly ShareRequirements _requirements;

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
        var volumes = new Files.VolumeOptions
        {
            Time = settings.TimeProvider,
            BreakTimeout = settings.BreakTimeout,
            Logger = logger,
            Metrics = metrics,
        };
        Served = new ServedShares(volumes, state, turn, logger);
        foreach (var share in shares)
        {
            Served.Entries.Set(Served.New(share.Clone()));
        }

        Owned = new OwnedShares(Served, turn);
    }

    /// <summary>How many there are, IPC$ not counted.</summary>
    public int Count => Served.Entries.Wholes.Count();

    /// <summary>What of them clients can use.</summary>
    internal ServedShares Served { get; }

    /// <summary>Those that a cluster gives out.</summary>
    internal OwnedShares Owned { get; }

    /// <summary>Those that are namespaces.</summary>
    internal IReadOnlyList<HostedNamespace> Namespaces => [.. Served.Entries.All.Select(static entry => entry.Options.Namespace).OfType<HostedNamespace>()];

    /// <summary>The host's store that a share is on; null: a folder, or no such share.</summary>
    internal IFileStore? StoreOf(string name) => Served.Entries.Find(name)?.Options.Store;

    /// <summary>Whether there is a share of this name; case does not count.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => Served.Entries.Find(name) is not null;

    /// <summary>Asks the store of a share how much room there is.</summary>
    /// <param name="name">The share's name; case does not count.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns><see langword="null"/>: there is no such share, it has no files, or its store does not know or is away.</returns>
    public async ValueTask<SmbShareSpace?> MeasureSpaceAsync(string name, CancellationToken cancellationToken = default)
    {
        if (Served.Entries.Find(name)?.Volume is not { } volume)
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

            await Served.PublishAsync(added).ConfigureAwait(false);
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
            if (Served.Running is not null && !changed.Options.Clustered)
            {
                changed.Volume = Served.Volumes.Rent(changed.Options);
            }

            try
            {
                await Served.TakeAwayAsync(changed.Options.Name).ConfigureAwait(false);
            }
            catch when (changed.Volume is not null)
            {
                await Served.Volumes.ReturnAsync(changed.Options).ConfigureAwait(false);
                throw;
            }

            await Served.PublishAsync(changed).ConfigureAwait(false);
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
            return Served.Entries.Find(name) is { Whole: null } && await Served.TakeAwayAsync(name).ConfigureAwait(false);
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
            [.. Served.Entries.Wholes.Select(static entry => entry.Describe()).OrderBy(static share => share.Name, StringComparer.OrdinalIgnoreCase)];
        return ((IEnumerable<SmbShareInfo>)shares).GetEnumerator();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private HostedShare Check(SmbShareOptions share)
    {
        ArgumentNullException.ThrowIfNull(share);
        var copy = share.Clone();
        OptionsValidator.Check(copy);
        _requirements.Check(copy);
        return Served.New(copy);
    }
}
