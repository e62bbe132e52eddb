using System.Globalization;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>Keeps files, and sees to it that they do not become too many or too old.</summary>
internal sealed class RecycleBin : IAsyncDisposable
{
    private readonly BinFolders _folders;
    private readonly NameTurns _files = new();
    private readonly IFileStore _store;
    private readonly RecycleBinOptions _options;
    private readonly BinPlace _place;
    private readonly KeptBytes _kept;

    public RecycleBin(IFileStore store, RecycleBinOptions options, BinPlace place)
    {
        _store = store;
        _options = options;
        _place = place;
        _folders = new BinFolders(store, place);
        _kept = new KeptBytes(store, options.Time, options.MaxBytes, $"The recycle bin '{options.Folder}'", SweepAsync);
    }

    /// <summary>What an administrator should know.</summary>
    public string? Problem => _kept.Problem;

    /// <summary>Completes when nobody looks after the bin any more.</summary>
    public Task WhenLookedAfter => _kept.WhenLookedAfter;

    /// <summary>Looks after the bin when that is due.</summary>
    public void KeepBounds() => _kept.KeepBounds();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _kept.DisposeAsync();

    /// <summary>
    /// A turn for the file that has a name: of a file with several, only the last is kept, so that two are not to be taken from it at a time.
    /// </summary>
    public async ValueTask<AsyncMutex.Turn> EnterAsync(StorePath path, CancellationToken cancellationToken)
    {
        var fileId = 0UL;
        var opened = await _store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (opened.Succeeded)
        {
            var file = opened.Value;
            await using var fileUse = file.ConfigureAwait(false);
            var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            fileId = metadata.Succeeded ? metadata.Value.FileId : 0;
        }

        return await _files.EnterAsync(new StorePath(fileId.ToString(CultureInfo.InvariantCulture)), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Moves a file to the bin.</summary>
    /// <returns>Success; NOT_FOUND when the bin does not keep it; or why it cannot.</returns>
    public async ValueTask<NtStatus> MoveAsync(StorePath path, CancellationToken cancellationToken)
    {
        var length = await MeasureAsync(path, null, cancellationToken).ConfigureAwait(false);
        if (!length.Succeeded)
        {
            return length.Status;
        }

        var moved = await PlaceAsync(path, to => _store.RenameAsync(path, to, replace: false, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (moved.Succeeded)
        {
            _kept.Count(length.Value);
        }

        return moved.Succeeded ? NtStatus.Success : moved.Status == NtStatus.DiskFull ? NtStatus.NotFound : moved.Status;
    }

    /// <summary>Keeps a file that another is going to replace.</summary>
    /// <param name="path">The file.</param>
    /// <param name="other">What replaces it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The file in the bin; NOT_FOUND when the bin does not keep it; or why it cannot.</returns>
    public async ValueTask<NtResult<KeptFile>> KeepAsync(StorePath path, StorePath other, CancellationToken cancellationToken)
    {
        var length = await MeasureAsync(path, other, cancellationToken).ConfigureAwait(false);
        if (!length.Succeeded)
        {
            return length.Status;
        }

        var isLinked = _store.Traits.Has(StoreAbilities.HardLinks);
        var kept = isLinked
            ? await PlaceAsync(path, to => _store.LinkAsync(path, to, replace: false, cancellationToken), cancellationToken).ConfigureAwait(false)
            : NtStatus.NotSupported;
        if (kept.Status is NtStatus.NotSupported or NtStatus.TooManyLinks)
        {
            isLinked = false;
            kept = await PlaceAsync(path, to => _store.RenameAsync(path, to, replace: false, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (kept.Succeeded)
        {
            _kept.Count(length.Value);
            return new KeptFile(path, kept.Value, length.Value, isLinked);
        }

        return kept.Status == NtStatus.DiskFull ? NtStatus.NotFound : kept.Status;
    }

    /// <summary>Nothing has replaced a file: it is where it was.</summary>
    public async ValueTask PutBackAsync(KeptFile file)
    {
        var status = file.IsLinked
            ? await _store.DeleteAsync(file.InBin, CancellationToken.None).ConfigureAwait(false)
            : await _store.RenameAsync(file.InBin, file.Origin, replace: false, CancellationToken.None).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            _kept.Count(-file.Length);
        }
    }

    /// <summary>The length of what the bin would keep of a name.</summary>
    private async ValueTask<NtResult<long>> MeasureAsync(StorePath path, StorePath? other, CancellationToken cancellationToken)
    {
        if (_options.Skips?.Invoke(path) == true || path.Text.AsSpan().Count('\\') > BinPlace.Deepest)
        {
            return NtStatus.NotFound;
        }

        var opened = await _store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return NtStatus.NotFound; // the store says itself what is wrong with it
        }

        var file = opened.Value;
        await using var fileUse = file.ConfigureAwait(false);
        var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if (metadata.Value is { IsDirectory: true } or { ReparseTag: not 0 } or { LinkCount: > 1 }
            || await SymbolicLinks.IsOneAsync(_store, path, file, cancellationToken).ConfigureAwait(false)
            || metadata.Value.Length > await _kept.GetMostBytesAsync(cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.NotFound;
        }

        return other is { } replacing && await IsSameAsync(replacing, metadata.Value.FileId, cancellationToken).ConfigureAwait(false)
            ? NtStatus.NotFound : metadata.Value.Length;
    }

    /// <summary>Whether a name is one of this file, or of nothing, so that nothing will be replaced.</summary>
    private async ValueTask<bool> IsSameAsync(StorePath path, ulong fileId, CancellationToken cancellationToken)
    {
        var opened = await _store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return true;
        }

        var file = opened.Value;
        await using var fileUse = file.ConfigureAwait(false);
        var metadata = await file.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return !metadata.Succeeded || metadata.Value.FileId == fileId || metadata.Value.IsDirectory;
    }

    /// <summary>Gives a file a name in the bin, by moving it or by a link.</summary>
    private async ValueTask<NtResult<StorePath>> PlaceAsync(
        StorePath path, Func<StorePath, ValueTask<NtStatus>> give, CancellationToken cancellationToken)
    {
        const int Attempts = 3; // a sweep may just be removing the folder, because it was empty
        var status = NtStatus.ObjectPathNotFound;
        for (var attempt = 0; attempt < Attempts && status == NtStatus.ObjectPathNotFound; attempt++)
        {
            var day = DateOnly.FromDateTime(_options.Time.GetUtcNow().UtcDateTime);
            var folder = await _folders.MakeAsync(day, path.Parent, cancellationToken).ConfigureAwait(false);
            if (!folder.Succeeded)
            {
                status = folder.Status;
                continue;
            }

            foreach (var name in _place.NamesFor(path.Name.ToString()))
            {
                var to = folder.Value.Append(name);
                status = await give(to).ConfigureAwait(false);
                if (status == NtStatus.Success)
                {
                    return to;
                }

                if (status is not (NtStatus.ObjectNameCollision or NtStatus.ObjectNameInvalid))
                {
                    break;
                }
            }
        }

        return status;
    }

    private async Task<(long Left, int Failed)> SweepAsync(long most, CancellationToken cancellationToken)
    {
        var sweep = new BinSweep(_store, _place);
        var oldest = DateOnly.FromDateTime((_options.Time.GetUtcNow() - _options.KeepFor).UtcDateTime);
        return (await sweep.RunAsync(oldest, most, cancellationToken).ConfigureAwait(false), sweep.Failed);
    }
}
