using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers;

/// <summary>
/// A store that lies on another and changes some of what it does; all else is that store's, its abilities too. What is claimed by an interface
/// alone is answered, where the store below has not got it, as if it were not claimed. <see cref="IChangeSource"/> cannot be answered so:
/// each layer has a type of its own for stores that are one.
/// </summary>
internal abstract class LayeredStore(IFileStore inner)
    : IFileStore, ISnapshotStore, IQuotaStore, IOutsideUseSource, IPlacedStore, IReportingStore, IAsyncDisposable
{
    /// <inheritdoc/>
    public virtual StoreTraits Traits => Inner.Traits;

    /// <inheritdoc/>
    public virtual string? Problem => (Inner as IReportingStore)?.Problem;

    /// <inheritdoc/>
    public QuotaState QuotaState => ((IQuotaStore)Inner).QuotaState;

    /// <summary>The store below.</summary>
    public IFileStore Below => Inner;

    /// <summary>The store below. It belongs to this one.</summary>
    protected IFileStore Inner { get; } = inner;

    /// <inheritdoc/>
    public virtual async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var opened = await Inner.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? await CoverAsync(opened.Value, cancellationToken).ConfigureAwait(false) : opened;
    }

    /// <inheritdoc/>
    public virtual async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        var made = await Inner.CreateAsync(path, parameters, cancellationToken).ConfigureAwait(false);
        return made.Succeeded ? await CoverAsync(made.Value, cancellationToken).ConfigureAwait(false) : made;
    }

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        Inner.RenameAsync(from, to, replace, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        Inner.LinkAsync(existing, link, replace, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => Inner.DeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        Inner.CanDeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => Inner.GetVolumeAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        ((ISnapshotStore)Inner).ListSnapshotsAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken) =>
        ((ISnapshotStore)Inner).OpenSnapshotAsync(time, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken) =>
        ((IQuotaStore)Inner).GetQuotaSettingsAsync(cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken) =>
        ((IQuotaStore)Inner).SetQuotaSettingsAsync(settings, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken) =>
        ((IQuotaStore)Inner).ListQuotasAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken) =>
        ((IQuotaStore)Inner).GetQuotaAsync(owner, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken) =>
        ((IQuotaStore)Inner).SetQuotaAsync(owner, limits, cancellationToken);

    /// <inheritdoc/>
    public IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used) =>
        (Inner as IOutsideUseSource)?.Guard(LayeredFile.Uncover(file), holdsBack, used);

    /// <inheritdoc/>
    public StorePlace CheckPlace() => (Inner as IPlacedStore)?.CheckPlace() ?? StorePlace.Same;

    /// <inheritdoc/>
    public IFileStore OpenAgain() => Inner is IPlacedStore placed ? Over(placed.OpenAgain()) : this;

    /// <summary>Ends the store below, when it can be ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync().ConfigureAwait(false);
        await StoreDisposal.DisposeAsync(Inner).ConfigureAwait(false);
    }

    /// <summary>Ends what the layer itself does.</summary>
    protected virtual ValueTask EndAsync() => default;

    /// <summary>The same layer, with the same settings, on another store.</summary>
    protected abstract IFileStore Over(IFileStore inner);

    /// <summary>Makes a handle of the store below one of this store, or leaves it as it is. When that fails, it is closed.</summary>
    protected virtual ValueTask<NtResult<IStoreFile>> CoverAsync(IStoreFile handle, CancellationToken cancellationToken) => new(new NtResult<IStoreFile>(handle));

    /// <summary>What <see cref="IChangeSource.Watch"/> of the store below says.</summary>
    private protected IDisposable? WatchBelow(StorePath directory, bool tree, Action<StoreChange?> changed) =>
        ((IChangeSource)Inner).Watch(directory, tree, changed);
}
