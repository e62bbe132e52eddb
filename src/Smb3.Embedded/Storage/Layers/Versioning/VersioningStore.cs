using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A store that keeps previous versions of files in a folder of its own, and shows them as snapshots.</summary>
internal class VersioningStore : ClosedFolderStore
{
    private readonly VersionOptions _options;
    private readonly ConcurrentDictionary<DateTimeOffset, IFileStore> _views = [];
    private readonly ConditionalWeakTable<IFileStore, IFileStore> _snapshots = [];
    private readonly bool _hasSnapshots;

    private VersioningStore(IFileStore inner, VersionOptions options)
        : this(inner, options, new VersionPlace(new StorePath(options.Folder), ComparisonOf(inner)))
    {
    }

    private VersioningStore(IFileStore inner, VersionOptions options, VersionPlace place)
        : base(inner, place.Folder, place.Comparison)
    {
        _options = options;
        _hasSnapshots = inner.Traits.Has(StoreAbilities.Snapshots);
        Place = place;
        Keeper = new VersionKeeper(inner, options, place);
        Traits = inner.Traits with { Abilities = inner.Traits.Abilities | StoreAbilities.Snapshots };
    }

    /// <inheritdoc/>
    public override StoreTraits Traits { get; }

    /// <inheritdoc/>
    public override string? Problem => base.Problem ?? Keeper.Problem;

    /// <summary>Where versions are.</summary>
    public VersionPlace Place { get; }

    /// <summary>Keeps them.</summary>
    public VersionKeeper Keeper { get; }

    /// <summary>Lays versions on <paramref name="inner"/>.</summary>
    public static IFileStore On(IFileStore inner, VersionOptions options) =>
        inner is IChangeSource ? new Watched(inner, options) : new VersioningStore(inner, options);

    /// <summary>Looks after the versions if that is due, as the first use does, and waits for it.</summary>
    public Task LookAfterAsync()
    {
        Keeper.KeepBounds();
        return Keeper.WhenLookedAfter;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        Keeper.KeepBounds();
        var opened = await base.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded && !path.IsRoot ? new NtResult<IStoreFile>(Cover(opened.Value, access == StoreAccess.ReadWrite)) : opened;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        var made = await base.CreateAsync(path, parameters, cancellationToken).ConfigureAwait(false);
        if (!made.Succeeded)
        {
            return made;
        }

        var covered = Cover(made.Value, writes: true, isNew: true);
        try
        {
            await Keeper.ArriveAsync(path, cancellationToken).ConfigureAwait(false);
            return new NtResult<IStoreFile>(covered);
        }
        catch
        {
            await covered.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        if (replace && !IsClosed(to) && !Place.AreSame(from, to))
        {
            await Keeper.KeepNamedAsync(to, leaves: false, cancellationToken).ConfigureAwait(false);
        }

        var status = await base.RenameAsync(from, to, replace, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            await Keeper.MoveAsync(from, to, CancellationToken.None).ConfigureAwait(false);
        }

        return status;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken)
    {
        if (replace && !IsClosed(link) && !Place.AreSame(existing, link))
        {
            await Keeper.KeepNamedAsync(link, leaves: false, cancellationToken).ConfigureAwait(false);
        }

        var status = await base.LinkAsync(existing, link, replace, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            Keeper.Uses.Remove(link);
        }

        return status;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var isVersion = !path.IsRoot && !IsClosed(path) && await Keeper.KeepNamedAsync(path, leaves: true, cancellationToken).ConfigureAwait(false);
        var status = isVersion ? NtStatus.Success : await base.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            Keeper.Uses.Remove(path);
        }

        return status;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListSnapshotsAsync(CancellationToken cancellationToken)
    {
        var own = await Keeper.Times.ListAsync(cancellationToken).ConfigureAwait(false);
        var below = _hasSnapshots ? await base.ListSnapshotsAsync(cancellationToken).ConfigureAwait(false) : new NtResult<IReadOnlyList<DateTimeOffset>>([]);
        if (!own.Succeeded || !below.Succeeded)
        {
            return own.Succeeded ? below.Status : own.Status;
        }

        foreach (var time in _views.Keys.Except(own.Value))
        {
            _views.TryRemove(time, out _);
        }

        return new NtResult<IReadOnlyList<DateTimeOffset>>([.. own.Value.Union(below.Value)]);
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        time = new DateTimeOffset(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerSecond), TimeSpan.Zero);
        var own = await Keeper.Times.ListAsync(cancellationToken).ConfigureAwait(false);
        if (own.Succeeded && own.Value.Contains(time))
        {
            return new NtResult<IFileStore>(_views.GetOrAdd(time, static (time, store) => new VersionView(store, store.Inner, time).ReadOnly(), this));
        }

        _views.TryRemove(time, out _);
        if (!_hasSnapshots)
        {
            return own.Succeeded ? NtStatus.ObjectNameNotFound : own.Status;
        }

        var below = await base.OpenSnapshotAsync(time, cancellationToken).ConfigureAwait(false);
        return below.Succeeded ? new NtResult<IFileStore>(_snapshots.GetValue(below.Value, Close)) : below;
    }

    /// <inheritdoc/>
    protected override IFileStore Over(IFileStore inner) => On(inner, _options);

    /// <inheritdoc/>
    protected override ValueTask EndAsync() => Keeper.DisposeAsync();

    private static StringComparison ComparisonOf(IFileStore store) =>
        store.Traits.Has(StoreAbilities.CaseSensitive) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;

    /// <summary>A snapshot of the store below has the folder of versions too.</summary>
    private ClosedFolderStore Close(IFileStore snapshot) => new(snapshot, Place.Folder, Place.Comparison);

    private VersionedFile Cover(IStoreFile handle, bool writes, bool isNew = false)
    {
        var use = Keeper.Uses.Open(VersionKeeper.PathOf(handle), writes);
        if (isNew)
        {
            Keeper.Begin(use);
        }

        return new VersionedFile(this, handle, use, writes);
    }

    private sealed class Watched(IFileStore inner, VersionOptions options) : VersioningStore(inner, options), IChangeSource
    {
        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) => IsClosed(directory) ? null : WatchBelow(
            directory,
            tree,
            change =>
            {
                if (change is not { } known || !IsClosed(known.Path))
                {
                    changed(change);
                }
            });
    }
}
