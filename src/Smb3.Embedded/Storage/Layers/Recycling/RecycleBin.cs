using System.Globalization;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>Keeps files, and sees to it that they do not become too many or too old.</summary>
internal sealed class RecycleBin(IFileStore store, RecycleBinOptions options, BinPlace place) : IAsyncDisposable
{
    private static readonly TimeSpan SweepPause = TimeSpan.FromHours(1);

    private readonly BinFolders _folders = new(store, place);
    private readonly NameTurns _files = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _sync = new();
    private Task _sweeping = Task.CompletedTask;
    private long? _swept;
    private long _bytes;
    private long _mostBytes = long.MaxValue;
    private volatile string? _problem;

    /// <summary>What an administrator should know.</summary>
    public string? Problem => _problem;

    /// <summary>
    /// A turn for the file that has a name: of a file with several, only the last is kept, so that two are not to be taken from it at a time.
    /// </summary>
    public async ValueTask<AsyncMutex.Turn> EnterAsync(StorePath path, CancellationToken cancellationToken)
    {
        var fileId = 0UL;
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
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

        var moved = await PlaceAsync(path, to => store.RenameAsync(path, to, replace: false, cancellationToken), cancellationToken).ConfigureAwait(false);
        if (moved.Succeeded)
        {
            Count(length.Value);
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

        var isLinked = store.Traits.Has(StoreAbilities.HardLinks);
        var kept = isLinked
            ? await PlaceAsync(path, to => store.LinkAsync(path, to, replace: false, cancellationToken), cancellationToken).ConfigureAwait(false)
            : NtStatus.NotSupported;
        if (kept.Status is NtStatus.NotSupported or NtStatus.TooManyLinks)
        {
            isLinked = false;
            kept = await PlaceAsync(path, to => store.RenameAsync(path, to, replace: false, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        if (kept.Succeeded)
        {
            Count(length.Value);
            return new KeptFile(path, kept.Value, length.Value, isLinked);
        }

        return kept.Status == NtStatus.DiskFull ? NtStatus.NotFound : kept.Status;
    }

    /// <summary>Nothing has replaced a file: it is where it was.</summary>
    public async ValueTask PutBackAsync(KeptFile file)
    {
        var status = file.IsLinked
            ? await store.DeleteAsync(file.InBin, CancellationToken.None).ConfigureAwait(false)
            : await store.RenameAsync(file.InBin, file.Origin, replace: false, CancellationToken.None).ConfigureAwait(false);
        if (status == NtStatus.Success)
        {
            Count(-file.Length);
        }
    }

    /// <summary>Completes when nobody looks after the bin any more.</summary>
    public Task WhenLookedAfter
    {
        get
        {
            lock (_sync)
            {
                return _sweeping;
            }
        }
    }

    /// <summary>Looks after the bin when that is due. It goes on beside what the caller does.</summary>
    public void KeepBounds()
    {
        lock (_sync)
        {
            var isDue = _swept is not { } swept || options.Time.GetElapsedTime(swept) > SweepPause || _bytes > _mostBytes;
            if (isDue && _sweeping.IsCompleted && !_end.IsCancellationRequested)
            {
                _swept = options.Time.GetTimestamp();
                _sweeping = Task.Run(SweepAsync);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        Task sweeping;
        lock (_sync)
        {
            sweeping = _sweeping; // none begins after this
        }

        await sweeping.ConfigureAwait(false);
        _end.Dispose();
    }

    /// <summary>The length of what the bin would keep of a name.</summary>
    private async ValueTask<NtResult<long>> MeasureAsync(StorePath path, StorePath? other, CancellationToken cancellationToken)
    {
        if (options.Skips?.Invoke(path) == true || path.Text.AsSpan().Count('\\') > BinPlace.Deepest)
        {
            return NtStatus.NotFound;
        }

        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
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
            || await SymbolicLinks.IsOneAsync(store, path, file, cancellationToken).ConfigureAwait(false)
            || metadata.Value.Length > await GetMostBytesAsync(cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.NotFound;
        }

        return other is { } replacing && await IsSameAsync(replacing, metadata.Value.FileId, cancellationToken).ConfigureAwait(false)
            ? NtStatus.NotFound : metadata.Value.Length;
    }

    /// <summary>Whether a name is one of this file, or of nothing, so that nothing will be replaced.</summary>
    private async ValueTask<bool> IsSameAsync(StorePath path, ulong fileId, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
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
            var day = DateOnly.FromDateTime(options.Time.GetUtcNow().UtcDateTime);
            var folder = await _folders.MakeAsync(day, path.Parent, cancellationToken).ConfigureAwait(false);
            if (!folder.Succeeded)
            {
                status = folder.Status;
                continue;
            }

            foreach (var name in place.NamesFor(path.Name.ToString()))
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

    private async ValueTask<long> GetMostBytesAsync(CancellationToken cancellationToken)
    {
        if (options.MaxBytes is { } most)
        {
            return most;
        }

        var volume = await store.GetVolumeAsync(cancellationToken).ConfigureAwait(false);
        return volume is { Succeeded: true, Value.TotalBytes: > 0 } ? volume.Value.TotalBytes / 10 : long.MaxValue;
    }

    private void Count(long bytes)
    {
        Interlocked.Add(ref _bytes, bytes);
        KeepBounds();
    }

    private async Task SweepAsync()
    {
        try
        {
            var most = await GetMostBytesAsync(_end.Token).ConfigureAwait(false);
            var sweep = new BinSweep(store, place);
            var before = Interlocked.Read(ref _bytes);
            var oldest = DateOnly.FromDateTime((options.Time.GetUtcNow() - options.KeepFor).UtcDateTime);
            var left = await sweep.RunAsync(oldest, most, _end.Token).ConfigureAwait(false);

            // What came meanwhile may have been counted by both: the next sweep knows.
            Interlocked.Add(ref _bytes, left - before);
            Interlocked.Exchange(ref _mostBytes, most);
            _problem = sweep.Failed == 0 ? null
                : $"The recycle bin '{options.Folder}' keeps more than it should: {sweep.Failed} files or folders in it cannot be read or deleted. "
                    + "Give the server's account the right to, or delete them.";
        }
        catch (OperationCanceledException)
        {
            // the store ends
        }
#pragma warning disable CA1031 // whatever a store throws, the next sweep may do better
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _problem = $"The recycle bin '{options.Folder}' could not be looked after: {exception.Message}";
        }
    }
}
