using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>A store in which files that are deleted or replaced move to a bin.</summary>
internal class RecyclingStore : LayeredStore
{
    private readonly RecycleBinOptions _options;
    private readonly StringComparison _comparison;
    private readonly BinPlace _place;
    private readonly RecycleBin _bin;

    private RecyclingStore(IFileStore inner, RecycleBinOptions options)
        : base(inner)
    {
        _options = options;
        _comparison = inner.Traits.Has(StoreAbilities.CaseSensitive) ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        _place = new BinPlace(new StorePath(options.Folder), _comparison, inner.Traits.MaxNameLength);
        _bin = new RecycleBin(inner, options, _place);
    }

    /// <inheritdoc/>
    public override string? Problem => base.Problem ?? _bin.Problem;

    /// <summary>Looks after the bin if that is due, as the first use does, and waits for it.</summary>
    public Task LookAfterAsync()
    {
        _bin.KeepBounds();
        return _bin.WhenLookedAfter;
    }

    /// <summary>Lays a bin on <paramref name="inner"/>.</summary>
    public static IFileStore On(IFileStore inner, RecycleBinOptions options) =>
        inner is IChangeSource ? new Watched(inner, options) : new RecyclingStore(inner, options);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        _bin.KeepBounds();
        var opened = await Inner.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened;
        }

        if (path.IsRoot && !_options.IsListed)
        {
            return new FolderWithout(_options.Folder, _comparison, this, opened.Value);
        }

        return access == StoreAccess.ReadWrite && _place.Holds(path)
            ? await RefuseFilesAsync(opened.Value, cancellationToken).ConfigureAwait(false) : opened;
    }

    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        _place.Is(path) || _place.Holds(path) ? new(NtStatus.AccessDenied) : Inner.CreateAsync(path, parameters, cancellationToken);

    /// <inheritdoc/>
    public override async ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        if (_place.Is(path))
        {
            return NtStatus.AccessDenied;
        }

        if (path.IsRoot || _place.Holds(path))
        {
            return await Inner.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        }

        using var turn = await _bin.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        var kept = await _bin.MoveAsync(path, cancellationToken).ConfigureAwait(false);
        return kept == NtStatus.NotFound ? await Inner.DeleteAsync(path, cancellationToken).ConfigureAwait(false) : kept;
    }

    /// <inheritdoc/>
    public override ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        _place.Is(path) ? new(NtStatus.AccessDenied) : Inner.CanDeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        _place.Is(from) || _place.Is(to) || _place.Holds(to) ? new(NtStatus.AccessDenied)
            : replace ? ReplaceAsync(to, from, () => Inner.RenameAsync(from, to, replace, cancellationToken), cancellationToken)
            : Inner.RenameAsync(from, to, replace, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        _place.Is(link) || _place.Holds(link) ? new(NtStatus.AccessDenied)
            : replace ? ReplaceAsync(link, existing, () => Inner.LinkAsync(existing, link, replace, cancellationToken), cancellationToken)
            : Inner.LinkAsync(existing, link, replace, cancellationToken);

    /// <inheritdoc/>
    protected override IFileStore Over(IFileStore inner) => On(inner, _options);

    /// <inheritdoc/>
    protected override ValueTask EndAsync() => _bin.DisposeAsync();

    /// <summary>
    /// Puts another file in the place of one. Where it can be, the one that goes gets a name in the bin first and loses its own by the replacement:
    /// so there is a file by that name at any time. Else it moves to the bin, and back when the other cannot take its place.
    /// </summary>
    private async ValueTask<NtStatus> ReplaceAsync(
        StorePath path, StorePath other, Func<ValueTask<NtStatus>> change, CancellationToken cancellationToken)
    {
        using var turn = await _bin.EnterAsync(path, cancellationToken).ConfigureAwait(false);
        var kept = await _bin.KeepAsync(path, other, cancellationToken).ConfigureAwait(false);
        if (kept.Status == NtStatus.NotFound)
        {
            return await change().ConfigureAwait(false);
        }

        if (!kept.Succeeded)
        {
            return kept.Status;
        }

        var status = NtStatus.UnexpectedIoError;
        try
        {
            return status = await change().ConfigureAwait(false);
        }
        finally
        {
            if (status != NtStatus.Success)
            {
                await _bin.PutBackAsync(kept.Value).ConfigureAwait(false);
            }
        }
    }

    private static async ValueTask<NtResult<IStoreFile>> RefuseFilesAsync(IStoreFile handle, CancellationToken cancellationToken)
    {
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (metadata is { Succeeded: true, Value.IsDirectory: true })
        {
            return new NtResult<IStoreFile>(handle);
        }

        await handle.DisposeAsync().ConfigureAwait(false);
        return metadata.Succeeded ? NtStatus.AccessDenied : metadata.Status;
    }

    private sealed class Watched(IFileStore inner, RecycleBinOptions options) : RecyclingStore(inner, options), IChangeSource
    {
        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) => WatchBelow(directory, tree, changed);
    }
}
