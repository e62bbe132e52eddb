using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>Keeps what files hold before it changes.</summary>
internal sealed class VersionKeeper : IAsyncDisposable
{
    private readonly IFileStore _store;
    private readonly VersionOptions _options;
    private readonly VersionPlace _place;
    private readonly HistoryFolders _folders;
    private readonly FileCopy _copy;
    private readonly KeptBytes _kept;
    private readonly RecentNames _recent;
    private int _missed;
    private volatile string? _problem;

    public VersionKeeper(IFileStore store, VersionOptions options, VersionPlace place)
    {
        _store = store;
        _options = options;
        _place = place;
        _folders = new HistoryFolders(store, place);
        _copy = new FileCopy(store);
        _kept = new KeptBytes(store, options.Time, options.MaxBytes, $"The folder of versions '{options.Folder}'", SweepAsync);
        _recent = new RecentNames(options.Time, place.Comparison);
        Times = new VersionTimes(store, place);
        Uses = new FileUses(place.Comparison);
    }

    /// <summary>What an administrator should know.</summary>
    public string? Problem => _problem ?? _kept.Problem;

    /// <summary>The times of which there are versions.</summary>
    public VersionTimes Times { get; }

    /// <summary>The files that are in use.</summary>
    public FileUses Uses { get; }

    /// <summary>The oldest time of which versions are kept.</summary>
    public DateTimeOffset Oldest => _options.Time.GetUtcNow() - _options.KeepFor;

    /// <summary>Completes when nobody looks after the versions any more.</summary>
    public Task WhenLookedAfter => _kept.WhenLookedAfter;

    private long PeriodTicks => _options.Interval.Ticks;

    /// <summary>The path by which a file has its history: links are followed.</summary>
    public static StorePath PathOf(IStoreFile handle) => handle is IFinalPathFile { FinalPath: { } final } ? final : handle.Path;

    /// <summary>Looks after the versions when that is due.</summary>
    public void KeepBounds() => _kept.KeepBounds();

    /// <summary>Whether a file may be changed as it is.</summary>
    public bool IsKept(FileUse use) => use.KeptUntil > _options.Time.GetUtcNow().UtcTicks || use.IsGone;

    /// <summary>A file is new: there is nothing of it to keep before the next interval.</summary>
    public void Begin(FileUse use) => use.KeptUntil = EndOfPeriod(StartOfPeriod());

    /// <summary>Whether a change of metadata would make a file look as if its data were of this interval.</summary>
    public bool Hides(FileMetadataChange change)
    {
        var period = FileTime.From(StartOfPeriod()).Ticks;
        return change.CreationTime?.Ticks >= period || change.LastWriteTime?.Ticks >= period;
    }

    /// <summary>Keeps what a file holds, unless that has been done in this interval.</summary>
    /// <param name="use">The file.</param>
    /// <param name="handle">A handle that may read it; <see langword="null"/>: there is none.</param>
    /// <param name="leaves">Whether the file is going to be deleted, so that it can become the version itself.</param>
    /// <param name="cancellationToken">Ends it; nothing is kept then.</param>
    /// <returns>Whether the file has become the version.</returns>
    public async ValueTask<bool> KeepAsync(FileUse use, IStoreFile? handle, bool leaves, CancellationToken cancellationToken)
    {
        using var turn = await use.Turn.EnterAsync(cancellationToken).ConfigureAwait(false);
        if (IsKept(use))
        {
            return false;
        }

        use.BeginChange();
        var period = StartOfPeriod();
        var moved = await KeepAsync(use, handle, leaves, period, cancellationToken).ConfigureAwait(false);
        if (!moved.Succeeded)
        {
            Miss(use.Path, moved.Status);
        }

        // Also when it could not be kept: what it holds after this change is not what it held at that time.
        use.KeptUntil = EndOfPeriod(period);
        return moved is { Succeeded: true, Value: true };
    }

    /// <summary>Keeps what a name leads to before it goes, or leads to another file.</summary>
    /// <returns>Whether the file has become the version.</returns>
    public async ValueTask<bool> KeepNamedAsync(StorePath path, bool leaves, CancellationToken cancellationToken)
    {
        var opened = await _store.OpenAsync(path, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return false; // the store says itself what is wrong with it
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        if (await SymbolicLinks.IsOneAsync(_store, path, handle, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        var use = Uses.Open(PathOf(handle), writes: false);
        try
        {
            var mayLeave = leaves && use.Writers == 0
                && await _store.CanDeleteAsync(path, cancellationToken).ConfigureAwait(false) == NtStatus.Success;
            return await KeepAsync(use, handle, mayLeave, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Uses.Close(use, writes: false);
        }
    }

    /// <summary>Something has moved: its history goes along, unless there is one at the new name.</summary>
    public async ValueTask MoveAsync(StorePath from, StorePath to, CancellationToken cancellationToken)
    {
        await MoveHistoryAsync(from, to, cancellationToken).ConfigureAwait(false);
        Uses.Move(from, to);
        await ArriveAsync(to, cancellationToken).ConfigureAwait(false);
        _recent.Add(from, to);
    }

    /// <summary>A name is taken. When another file has just left it, what that one held was there at the beginning of the interval.</summary>
    public async ValueTask ArriveAsync(StorePath path, CancellationToken cancellationToken)
    {
        if (_recent.Take(path) is not { } former || _place.AreSame(former, path))
        {
            return;
        }

        var opened = await _store.OpenAsync(former, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (metadata is not { Succeeded: true, Value.IsDirectory: false })
        {
            return;
        }

        await MoveHistoryAsync(former, path, cancellationToken).ConfigureAwait(false);
        var period = StartOfPeriod();
        var kept = await KeepAsync(new FileUse(path), handle, leaves: false, period, cancellationToken).ConfigureAwait(false);
        if (!kept.Succeeded)
        {
            Miss(path, kept.Status);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _kept.DisposeAsync();

    private DateTimeOffset StartOfPeriod()
    {
        var now = _options.Time.GetUtcNow().UtcTicks;
        return new DateTimeOffset(now - (now % PeriodTicks), TimeSpan.Zero);
    }

    private long EndOfPeriod(DateTimeOffset start) => start.UtcTicks + PeriodTicks;

    private async ValueTask<NtResult<bool>> KeepAsync(
        FileUse use, IStoreFile? handle, bool leaves, DateTimeOffset period, CancellationToken cancellationToken)
    {
        if (handle is not null)
        {
            return await KeepOpenAsync(use, handle, leaves, period, cancellationToken).ConfigureAwait(false);
        }

        var opened = await _store.OpenAsync(use.Path, StoreAccess.Read, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return opened.Status;
        }

        var own = opened.Value;
        await using var ownUse = own.ConfigureAwait(false);
        return await KeepOpenAsync(use, own, leaves, period, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<NtResult<bool>> KeepOpenAsync(
        FileUse use, IStoreFile handle, bool leaves, DateTimeOffset period, CancellationToken cancellationToken)
    {
        var path = use.Path;
        var look = await FileLook.TakeAsync(_store, handle, cancellationToken).ConfigureAwait(false);
        if (!look.Succeeded)
        {
            return look.Status;
        }

        var metadata = look.Value.Metadata;
        if (metadata is { IsDirectory: true } or { ReparseTag: not 0 } || !IsOlder(metadata, period)
            || metadata.Length > _options.MaxFileLength || path.Text.AsSpan().Count('\\') > VersionPlace.Deepest || _options.Skips?.Invoke(path) == true
            || metadata.Length > await _kept.GetMostBytesAsync(cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        var version = _place.HistoryOf(path).Append(VersionPlace.NameOf(period));
        if (await _folders.IsThereAsync(version, cancellationToken).ConfigureAwait(false))
        {
            return false;
        }

        var status = await _folders.MakeAsync(path, cancellationToken).ConfigureAwait(false);
        status = status == NtStatus.Success ? await Times.AddAsync(period, cancellationToken).ConfigureAwait(false) : status;
        if (status != NtStatus.Success)
        {
            return status;
        }

        var hasLeft = leaves && metadata.LinkCount <= 1 && await PlaceAsync(path, path, version, cancellationToken).ConfigureAwait(false) == NtStatus.Success;
        status = hasLeft ? NtStatus.Success : await CopyAsync(path, handle, look.Value, version, cancellationToken).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        _kept.Count(metadata.Length);
        return hasLeft;
    }

    /// <summary>Whether what a file holds was there at the beginning of an interval.</summary>
    public static bool IsOlder(FileMetadata metadata, DateTimeOffset time) =>
        metadata.CreationTime.Ticks < FileTime.From(time).Ticks && metadata.LastWriteTime.Ticks < FileTime.From(time).Ticks;

    /// <summary>Copies a file under a name of its own, and gives it that of the version when it is whole.</summary>
    private async ValueTask<NtStatus> CopyAsync(
        StorePath path, IStoreFile source, FileLook look, StorePath version, CancellationToken cancellationToken)
    {
        var unfinished = _place.Unfinished.Append(Guid.NewGuid().ToString("N"));
        var isPlaced = false;
        try
        {
            var made = await _store.CreateAsync(unfinished, look.Look, cancellationToken).ConfigureAwait(false);
            var status = made.Succeeded ? await FillAsync(source, look.Metadata, made.Value, cancellationToken).ConfigureAwait(false) : made.Status;
            status = status == NtStatus.Success ? await PlaceAsync(path, unfinished, version, cancellationToken).ConfigureAwait(false) : status;
            isPlaced = status == NtStatus.Success;

            // Another server of the same store may have been quicker.
            return status == NtStatus.ObjectNameCollision ? NtStatus.Success : status;
        }
        finally
        {
            if (!isPlaced)
            {
                _ = await _store.DeleteAsync(unfinished, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask<NtStatus> FillAsync(IStoreFile source, FileMetadata metadata, IStoreFile target, CancellationToken cancellationToken)
    {
        await using var targetUse = target.ConfigureAwait(false);
        var status = await _copy.RunAsync(source, metadata, target, cancellationToken).ConfigureAwait(false);
        var times = new FileMetadataChange
        {
            CreationTime = metadata.CreationTime,
            LastAccessTime = metadata.LastAccessTime,
            LastWriteTime = metadata.LastWriteTime,
            ChangeTime = metadata.ChangeTime,
        };
        status = status == NtStatus.Success ? await target.SetMetadataAsync(times, cancellationToken).ConfigureAwait(false) : status;
        return status == NtStatus.Success && target is IDeferredFile deferred
            ? await deferred.CompleteAsync(cancellationToken).ConfigureAwait(false) : status;
    }

    /// <summary>Gives a file the name of a version. A sweep may just be removing its folder, because it was empty.</summary>
    private async ValueTask<NtStatus> PlaceAsync(StorePath path, StorePath from, StorePath version, CancellationToken cancellationToken)
    {
        var status = await _store.RenameAsync(from, version, replace: false, cancellationToken).ConfigureAwait(false);
        for (var attempt = 0; attempt < 3 && status == NtStatus.ObjectPathNotFound; attempt++)
        {
            status = await _folders.MakeAsync(path, cancellationToken).ConfigureAwait(false);
            status = status == NtStatus.Success
                ? await _store.RenameAsync(from, version, replace: false, cancellationToken).ConfigureAwait(false) : status;
        }

        return status;
    }

    private async ValueTask MoveHistoryAsync(StorePath from, StorePath to, CancellationToken cancellationToken)
    {
        var history = _place.HistoryOf(from);
        if (!await _folders.IsThereAsync(history, cancellationToken).ConfigureAwait(false))
        {
            return;
        }

        var status = to.Parent.IsRoot ? NtStatus.Success : await _folders.MakeAsync(to.Parent, cancellationToken).ConfigureAwait(false);
        status = status == NtStatus.Success
            ? await _store.RenameAsync(history, _place.HistoryOf(to), replace: false, cancellationToken).ConfigureAwait(false) : status;
        if (status is not (NtStatus.Success or NtStatus.ObjectNameCollision or NtStatus.ObjectNameNotFound))
        {
            Miss(to, status);
        }
    }

    private void Miss(StorePath path, NtStatus status)
    {
        var missed = Interlocked.Increment(ref _missed);
        _problem = $"{missed} previous versions were not kept in '{_options.Folder}', the last one of '{path}': {status}. The files were changed without. "
            + "Give the server's account the right to write there, or the volume more room.";
    }

    private async Task<(long Left, int Failed)> SweepAsync(long most, CancellationToken cancellationToken)
    {
        var sweep = new VersionSweep(_store, _place, Times);
        var left = await sweep.RunAsync(_options.Time.GetUtcNow(), Oldest, most, cancellationToken).ConfigureAwait(false);
        Interlocked.Exchange(ref _missed, 0);
        _problem = null;
        return (left, sweep.Failed);
    }
}
