using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Parts;

/// <summary>
/// A store of which this volume serves a <see cref="Territory"/>: its folder is the root, and behind its seams there is nothing. All else is
/// the store's: its handles, file ids, streams, quotas. Handles say where they are in the store (<see cref="PathOf"/>).
/// </summary>
internal class PartStore : IFileStore, ISnapshotStore, IQuotaStore, IOutsideUseSource, IPlacedStore, IReportingStore
{
    private readonly IFileStore _store;
    private readonly ConditionalWeakTable<IFileStore, PartStore> _snapshots = [];

    /// <summary>Whether handles know where symbolic links have led; all of a store do, or none.</summary>
    private volatile bool _followsLinks = true;

    private protected PartStore(IFileStore store, Territory territory)
    {
        _store = store;
        Territory = territory;
    }

    /// <summary>What of the store there is.</summary>
    public Territory Territory { get; }

    /// <inheritdoc/>
    public StoreTraits Traits => _store.Traits;

    /// <summary>The part of <paramref name="store"/> that is <paramref name="territory"/>.</summary>
    public static PartStore Of(IFileStore store, Territory territory) =>
        store is IChangeSource source ? new WatchedPartStore(store, source, territory) : new PartStore(store, territory);

    /// <inheritdoc/>
    public string? Problem => (_store as IReportingStore)?.Problem;

    /// <summary>Where a handle is in this volume.</summary>
    public StorePath PathOf(IStoreFile handle) => FromStore(handle.Path);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        if (Territory.TryFindSeam(path.Text, out _, out var length))
        {
            return length == path.Text.Length ? OpenSeamAsync(path, cancellationToken) : new(NtStatus.ReparsePointEncountered);
        }

        var asked = _store.OpenAsync(ToStore(path), access, cancellationToken);
        if (!asked.IsCompletedSuccessfully)
        {
            return CheckAsync(asked);
        }

        var opened = asked.Result;
        return opened.Succeeded && LeadsElsewhere(opened.Value) ? CheckAsync(new(opened)) : new(opened);
    }

    /// <inheritdoc/>
    public async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        if (path.IsRoot || Territory.TryFindSeam(path.Text, out _, out _))
        {
            return NtStatus.ObjectNameCollision;
        }

        return await IsHereAsync(path.Parent, cancellationToken).ConfigureAwait(false)
            ? await _store.CreateAsync(ToStore(path), parameters, cancellationToken).ConfigureAwait(false)
            : NtStatus.AccessDenied;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        if (from.IsRoot || to.IsRoot || Territory.HasSeamAtOrBelow(from) || !await IsHereAsync(from.Parent, cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.AccessDenied;
        }

        var status = await CheckTargetAsync(to, replace, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success
            ? await _store.RenameAsync(ToStore(from), ToStore(to), replace, cancellationToken).ConfigureAwait(false)
            : status;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken)
    {
        var status = await CheckTargetAsync(link, replace, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success
            ? await _store.LinkAsync(ToStore(existing), ToStore(link), replace, cancellationToken).ConfigureAwait(false)
            : status;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = await CheckDeletionAsync(path, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? await _store.DeleteAsync(ToStore(path), cancellationToken).ConfigureAwait(false) : status;
    }

    /// <inheritdoc/>
    public async ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = await CheckDeletionAsync(path, cancellationToken).ConfigureAwait(false);
        return status == NtStatus.Success ? await _store.CanDeleteAsync(ToStore(path), cancellationToken).ConfigureAwait(false) : status;
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => _store.GetVolumeAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        ((ISnapshotStore)_store).ListSnapshotsAsync(cancellationToken);

    /// <summary>
    /// Nothing changes in a snapshot: the whole shows all that was there, so that a path with a time in it, which leads nowhere else, is
    /// served.
    /// </summary>
    public async ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        var opened = await ((ISnapshotStore)_store).OpenSnapshotAsync(time, cancellationToken).ConfigureAwait(false);
        return !opened.Succeeded || Territory.Root.IsRoot
            ? opened
            : _snapshots.GetValue(opened.Value, snapshot => new PartStore(snapshot, new Territory(Territory.Root, [], Territory.Comparison)));
    }

    /// <inheritdoc/>
    public QuotaState QuotaState => ((IQuotaStore)_store).QuotaState;

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken) =>
        ((IQuotaStore)_store).GetQuotaSettingsAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken) =>
        ((IQuotaStore)_store).SetQuotaSettingsAsync(settings, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken) =>
        ((IQuotaStore)_store).ListQuotasAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken) =>
        ((IQuotaStore)_store).GetQuotaAsync(owner, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken) =>
        ((IQuotaStore)_store).SetQuotaAsync(owner, limits, cancellationToken);

    /// <inheritdoc/>
    public IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used) =>
        (_store as IOutsideUseSource)?.Guard(file, holdsBack, used);

    /// <inheritdoc/>
    public StorePlace CheckPlace() => (_store as IPlacedStore)?.CheckPlace() ?? StorePlace.Same;

    /// <summary>The whole store as it is now, for a part to be made of it.</summary>
    public IFileStore OpenAgain() => (_store as IPlacedStore)?.OpenAgain() ?? _store;

    /// <summary>The path in the store.</summary>
    private protected StorePath ToStore(StorePath path) =>
        Territory.Root.IsRoot ? path : path.IsRoot ? Territory.Root : Territory.Root.Append(path.Text);

    /// <summary>The path in this volume of one in the store that is in its folder.</summary>
    private protected StorePath FromStore(StorePath path)
    {
        var root = Territory.Root.Text.Length;
        return root == 0 ? path : path.Text.Length > root ? new StorePath(path.Text[(root + 1)..]) : StorePath.Root;
    }

    private async ValueTask<NtResult<IStoreFile>> OpenSeamAsync(StorePath path, CancellationToken cancellationToken)
    {
        var opened = await _store.OpenAsync(ToStore(path), StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? new SeamFolder(opened.Value) : opened.Status;
    }

    private async ValueTask<NtResult<IStoreFile>> CheckAsync(ValueTask<NtResult<IStoreFile>> asked)
    {
        var opened = await asked.ConfigureAwait(false);
        if (!opened.Succeeded || !LeadsElsewhere(opened.Value))
        {
            return opened;
        }

        await opened.Value.DisposeAsync().ConfigureAwait(false);
        return NtStatus.AccessDenied; // as of a link that leads out of the store
    }

    /// <summary>Whether a symbolic link has led out of the folder, or across a seam.</summary>
    private bool LeadsElsewhere(IStoreFile handle)
    {
        if (handle is not IFinalPathFile { FinalPath: var final })
        {
            _followsLinks = false;
            return false;
        }

        return final is { } path && (!IsInFolder(path) || Territory.TryFindSeam(FromStore(path).Text, out _, out _));
    }

    private bool IsInFolder(StorePath path) =>
        path.Text.Equals(Territory.Root.Text, Territory.Comparison) || path.IsBelow(Territory.Root, Territory.Comparison);

    /// <summary>Whether a directory is where its path says, so that its entries may be changed.</summary>
    private async ValueTask<bool> IsHereAsync(StorePath directory, CancellationToken cancellationToken)
    {
        if (directory.IsRoot || !_followsLinks)
        {
            return true;
        }

        // Where it cannot be opened, the store says why when it is asked to change it.
        var opened = await _store.OpenAsync(ToStore(directory), StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return true;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        return !LeadsElsewhere(handle);
    }

    private async ValueTask<NtStatus> CheckTargetAsync(StorePath to, bool replace, CancellationToken cancellationToken)
    {
        if (Territory.TryFindSeam(to.Text, out _, out var length))
        {
            return length < to.Text.Length ? NtStatus.NotSameDevice : replace ? NtStatus.AccessDenied : NtStatus.ObjectNameCollision;
        }

        return await IsHereAsync(to.Parent, cancellationToken).ConfigureAwait(false) ? NtStatus.Success : NtStatus.NotSameDevice;
    }

    private async ValueTask<NtStatus> CheckDeletionAsync(StorePath path, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return NtStatus.AccessDenied;
        }

        if (Territory.TryFindSeam(path.Text, out _, out var length))
        {
            return length < path.Text.Length ? NtStatus.AccessDenied : NtStatus.CannotDelete;
        }

        return await IsHereAsync(path.Parent, cancellationToken).ConfigureAwait(false) ? NtStatus.Success : NtStatus.AccessDenied;
    }
}
