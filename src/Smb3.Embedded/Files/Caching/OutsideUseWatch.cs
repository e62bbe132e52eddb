using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Caching;

/// <summary>
/// Breaks what clients cache of a file when another program on the machine uses it. The store reports a change only after the fact, and not
/// who made it: it was another program if the file's change time is different although the server has changed nothing since it last looked,
/// or is later than the last change through the server.
/// </summary>
internal sealed class OutsideUseWatch : IDisposable
{
    // The server may take this long between a change and recording it; changes that follow each other are checked together.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(50);

    private const int MostTries = 20;

    private readonly ICachedFile _file;
    private IOutsideGuard? _guard;
    private long _own;
    private int _owns;
    private long _known;
    private int _ownsWhenKnown;
    private int _isLooking;
    private volatile bool _hasEnded;

    private OutsideUseWatch(ICachedFile file) => _file = file;

    /// <summary>Begins to watch; null if the store reports nothing about this file. Called with the file's lock held.</summary>
    public static OutsideUseWatch? Start(ICachedFile file, IStoreFile handle)
    {
        if (!file.IsNoticed)
        {
            return null;
        }

        var watch = new OutsideUseWatch(file);
        watch.NoteOwn();
        watch._ownsWhenKnown = watch._owns;
        watch._known = ChangeTimeOf(handle);
        watch._guard = file.Guard(handle, watch.Hear);
        return watch._guard is null ? null : watch;
    }

    /// <summary>The server is about to change the file, or has just done so.</summary>
    public void NoteOwn()
    {
        Volatile.Write(ref _own, FileTime.From(_file.Time.GetUtcNow()).Ticks);
        Interlocked.Increment(ref _owns);
    }

    /// <summary>What clients cache has changed.</summary>
    public void Cover(bool writes) => _guard!.Cover(writes);

    /// <inheritdoc/>
    public void Dispose()
    {
        _hasEnded = true;
        _guard!.Dispose();
    }

    private static long ChangeTimeOf(IStoreFile handle)
    {
        if (handle is IOpenedFile { MetadataAsOpened: { Succeeded: true } opened })
        {
            return opened.Value.ChangeTime.Ticks;
        }

        var asking = handle.GetMetadataAsync(CancellationToken.None);
        return asking.IsCompletedSuccessfully && asking.Result is { Succeeded: true, Value: var metadata } ? metadata.ChangeTime.Ticks : 0;
    }

    private void Hear(OutsideUse use)
    {
        if (use != OutsideUse.Changed)
        {
            var kept = use == OutsideUse.Reads ? CacheState.Read | CacheState.Handle : CacheState.None;
            ThreadPool.UnsafeQueueUserWorkItem(static what => what.Caching.BreakForOutside(what.Kept), (_file.Caching, Kept: kept), preferLocal: false);
        }
        else if (Interlocked.Exchange(ref _isLooking, 1) == 0)
        {
            _ = LookAsync();
        }
    }

    private async Task LookAsync()
    {
        await Task.Delay(Patience, _file.Time).ConfigureAwait(false);
        Volatile.Write(ref _isLooking, 0);
        var own = Volatile.Read(ref _own);
        for (var tries = 0; !_hasEnded; tries++)
        {
            var changed = await _file.ReadChangeTimeAsync().ConfigureAwait(false);
            var latest = Volatile.Read(ref _own);
            var owns = Volatile.Read(ref _owns);
            if (changed is not { } time || time.Ticks == _known)
            {
                return;
            }

            // The kernel's clock for files lags by some milliseconds.
            var isSurelyOther = owns == _ownsWhenKnown && _known != 0;
            if (!isSurelyOther && time.Ticks <= latest)
            {
                _known = time.Ticks;
                _ownsWhenKnown = owns;
                return;
            }

            // A change of the server's own may be under way, which it records when it is done.
            if (latest != own)
            {
                own = latest;
                tries = 0;
            }
            else if (tries >= MostTries || !_file.IsBusy())
            {
                _file.Caching.BreakForOutside(CacheState.None);
                return;
            }

            await Task.Delay(Patience, _file.Time).ConfigureAwait(false);
        }
    }
}
