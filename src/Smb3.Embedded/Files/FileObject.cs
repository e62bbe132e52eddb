using System.Diagnostics;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Ranges;
using Smb3.Embedded.Files.Safety;
using Smb3.Embedded.Files.Sharing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files;

/// <summary>
/// A file or directory, or one of its named streams, that is open at least once: what all its opens share (MS-FSA 2.1.1.3, File, and
/// 2.1.1.4, Stream). It is in the volume's table from the first open to the last close. Each stream has share modes, locks and caching of
/// its own; names and times belong to the whole file, whose lock the stream shares.
/// </summary>
internal sealed class FileObject : ICachedFile, IJournaledFile
{
    private readonly HashSet<FileOpen> _opens = [];
    private readonly WholeFile _whole;
    private ShareModes _share;
    private int _awaited;
    private AsyncMutex? _appends;
    private SharedFlush? _flush;
    private volatile ByteRangeLocks? _locks;
    private volatile WatchedRanges? _watched;

    /// <summary>A file of <paramref name="volume"/>.</summary>
    public FileObject(Volume volume, FileKey key, bool isDirectory)
        : this(volume, key, isDirectory, streamName: null, new WholeFile(new VisibleTimes(volume.Options, volume.LastAccess))) =>
        _whole.Data = this;

    /// <summary>A stream of <paramref name="whole"/>; without a name one that is to be its data.</summary>
    public FileObject(Volume volume, FileKey key, string? streamName, WholeFile whole)
        : this(volume, key, isDirectory: false, streamName, whole)
    {
    }

    private FileObject(Volume volume, FileKey key, bool isDirectory, string? streamName, WholeFile whole)
    {
        Volume = volume;
        Key = key;
        IsDirectory = isDirectory;
        StreamName = streamName;
        _whole = whole;
        Caching = new FileCaching(this);
    }

    /// <summary>Guards everything here that changes. Held only briefly, never across an await.</summary>
    /// <remarks>
    /// Taken with or without the lock of a <c>GlobalOpen</c> held, and never while holding one that comes later in the order: those of the
    /// volume's tables and of the leases.
    /// </remarks>
    public Lock Sync
    {
        get
        {
            Debug.Assert(!Volume.HoldsTables, "A file's lock is taken before that of its volume's tables.");
            return _whole.Sync;
        }
    }

    /// <summary>The volume that it is on.</summary>
    public Volume Volume { get; }

    /// <summary>The number by which the store knows the file.</summary>
    public ulong FileId => Key.FileId;

    /// <summary>Its key in the volume's table. Guarded by the table's lock.</summary>
    public FileKey Key { get; set; }

    /// <summary>The file that a stream is part of, and its data; otherwise itself.</summary>
    public FileObject Whole => _whole.Data;

    /// <summary>What all streams of the file have in common.</summary>
    public WholeFile Common => _whole;

    /// <summary>Whether it is a named stream.</summary>
    public bool IsStream => _whole.Data != this;

    /// <summary>The name of a stream, in the case in which it was given; otherwise null.</summary>
    public string? StreamName { get; internal set; }

    /// <summary>Whether it is a stream that goes with its last open when there is nothing in it.</summary>
    public bool GoesWhenEmpty => Volume.Options.ServesMacs && AfpStream.MeansNothingEmpty(StreamName);

    /// <summary>Whether any named stream of the file is open.</summary>
    public bool HasOpenStreams
    {
        get
        {
            lock (Sync)
            {
                return StreamsLocked.Count > 0;
            }
        }
    }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; }

    /// <summary>The times that handles see while they differ from the store's.</summary>
    public VisibleTimes Times => _whole.Times;

    /// <summary>The oplocks and leases. Guarded by <see cref="Sync"/>.</summary>
    public FileCaching Caching { get; }

    /// <summary>Serializes appends, so that no two of them find the same end of file.</summary>
    public AsyncMutex Appends => LazyInitializer.EnsureInitialized(ref _appends)!;

    /// <summary>Makes what was written safe, for all who wait for it.</summary>
    public SharedFlush Flush => LazyInitializer.EnsureInitialized(ref _flush)!;

    /// <summary>Opens, and creates under way, which keep it in the table. Guarded by the table's lock.</summary>
    public int References { get; set; }

    /// <summary>The byte-range locks; <see langword="null"/> until the first lock.</summary>
    public ByteRangeLocks? Locks => _locks;

    /// <summary>The writes under way, which a new lock waits for.</summary>
    public WriteBarrier Writes { get; } = new();

    /// <summary>The overwrites that a crash would have done again. Those of a stream are its file's.</summary>
    public Remakings Remakings => _whole.Remakings;

    /// <summary>Completes when a change of the file can be answered; <see langword="null"/>: now (<see cref="Locking.Remakings"/>).</summary>
    public Task? WhenRemade() => _whole.WhenRemade();

    /// <summary>The ranges that are watched for changes.</summary>
    public WatchedRanges Watched => _watched ?? Interlocked.CompareExchange(ref _watched, new WatchedRanges(), null) ?? _watched;

    /// <summary>How many opens there are.</summary>
    public int OpenCount
    {
        get
        {
            lock (Sync)
            {
                return _opens.Count;
            }
        }
    }

    /// <summary>The opens, as of now.</summary>
    public FileOpen[] GetOpens()
    {
        lock (Sync)
        {
            return [.. _opens];
        }
    }

    /// <inheritdoc/>
    void IJournaledFile.Freeze(Action capture)
    {
        lock (Sync)
        {
            if (_locks is { } locks)
            {
                locks.Freeze(capture);
            }
            else
            {
                capture();
            }
        }
    }

    /// <summary>How the opens share the file. Called with the lock held.</summary>
    internal ref readonly ShareModes SharingLocked => ref _share;

    /// <summary>The opens themselves. Called with the lock held.</summary>
    internal HashSet<FileOpen> OpensLocked => _opens;

    /// <summary>The named streams of the file that are open; a stream has none. Called with the lock held.</summary>
    internal IReadOnlyList<FileObject> StreamsLocked => IsStream ? [] : _whole.Streams;

    /// <summary>Whether the stream is to be deleted. Changed with the lock held, like everything in <see cref="FileDeletion"/>.</summary>
    internal bool StreamDeletePending { get; set; }

    /// <summary>Whether the stream is gone.</summary>
    internal bool StreamRemoved { get; set; }

    /// <summary>Whether any of its opens is kept for a client that is away. Guarded by <see cref="Sync"/>.</summary>
    internal bool HasAwaited => _awaited > 0;

    /// <summary>Completes when no stream of the file is becoming its data, or the other way round.</summary>
    public Task WhenExchanged()
    {
        lock (Sync)
        {
            return _whole.Exchange?.Task ?? Task.CompletedTask;
        }
    }

    /// <summary>An open has another holder, or none.</summary>
    public void SetHolder(FileOpen open, IOpenHolder? holder)
    {
        lock (Sync)
        {
            open.Holder = holder;
            Count(open, open.IsAwaited);
        }
    }

    /// <summary>An open has another holder, or none: creates waiting for it to leave check again.</summary>
    public void HolderChanged()
    {
        lock (Sync)
        {
            Caching.Signal();
            SignalRelativesLocked();
        }
    }

    /// <summary>Returns the lock table, making it on the first lock.</summary>
    public ByteRangeLocks GetOrCreateLocks()
    {
        if (_locks is { } locks)
        {
            return locks;
        }

        lock (Sync)
        {
            return _locks ??= new ByteRangeLocks(Volume.Options.MaxLocksPerFile);
        }
    }

    /// <summary>
    /// Says that bytes are about to change, or have just changed: anything that relies on them is no longer valid. A change that is not
    /// counted in <see cref="Writes"/> says so both before and after.
    /// </summary>
    public void NoteChange(long offset = 0, long length = long.MaxValue) => _watched?.Change(offset, length);

    /// <summary>An open goes away, and with it the ranges that it watches.</summary>
    public void EndWatched(FileOpen open) => _watched?.EndOf(open);

    /// <summary>Whether the name <paramref name="path"/>, or the stream, is to be deleted by its last close.</summary>
    public bool IsDeletePending(StorePath path)
    {
        lock (Sync)
        {
            return this.IsDeletePendingLocked(path);
        }
    }

    /// <summary>Whether the stream is to be deleted, or is gone.</summary>
    public bool IsStreamDeletePending => StreamDeletePending || StreamRemoved;

    /// <summary>Removes an open.</summary>
    public void Remove(FileOpen open)
    {
        lock (Sync)
        {
            if (!_opens.Remove(open))
            {
                return;
            }

            // Noted before any open that it kept out can be let in. If the share is now another node's, its opens are that node's too.
            if (!Volume.Fence.IsUp && !open.State.IsSuspended)
            {
                open.State.End();
            }

            Count(open, isAwaited: false);
            _share.Remove(open.GrantedAccess, open.ShareAccess);
            Caching.Remove(open);
            SignalRelativesLocked();
            if (_opens.Count == 0)
            {
                _whole.Streams.Remove(this);
            }

            var link = open.Link!;
            if (IsDirectory && !Caching.HasGrants)
            {
                Volume.LeasedDirectories.Remove(link.Path, this);
            }

            if (--link.OpenCount > 0)
            {
                return;
            }

            _whole.Links.Remove(link);
            if (link is { DeletePending: true, Removed: false })
            {
                Volume.Doomed.Mark(link, false);
            }
        }
    }

    /// <summary>The names by which the file is open, as of now.</summary>
    public FileLink[] GetLinks()
    {
        lock (Sync)
        {
            return IsStream ? [] : [.. _whole.Links];
        }
    }

    /// <summary>Whether any open other than <paramref name="besides"/> meets <paramref name="condition"/>.</summary>
    public bool AnyOpen(FileOpen? besides, Func<FileOpen, bool> condition)
    {
        lock (Sync)
        {
            foreach (var open in _opens)
            {
                if (open != besides && condition(open))
                {
                    return true;
                }
            }

            return false;
        }
    }

    bool ICachedFile.IsAbandoned => Volume.Fence.IsUp;

    TimeProvider ICachedFile.Time => Volume.Options.Time;

    BreakDeadlines ICachedFile.BreakDeadlines => Volume.BreakDeadlines;

    bool ICachedFile.IsNoticed => !IsDirectory && !IsStream && Volume.OutsideUse is not null;

    bool ICachedFile.AnyLockBefore(long extent) => _locks is { } locks && locks.AnyBefore(extent);

    IOutsideGuard? ICachedFile.Guard(IStoreFile handle, Action<OutsideUse> hear) =>
        Volume.OutsideUse?.Guard(handle, Volume.Options.HoldsLocalPrograms, hear);

    KeptBreaks? ICachedFile.KeptBreaks => Volume.KeptBreaks;

    ValueTask<NtStatus> ICachedFile.CommitAsync() => Volume.CommitAsync();

    bool ICachedFile.IsBusy() => AnyOpen(null, static open => open.IsBusy);

    async ValueTask<FileTime?> ICachedFile.ReadChangeTimeAsync()
    {
        foreach (var open in GetOpens())
        {
            if (await open.ReadChangeTimeAsync().ConfigureAwait(false) is { } time)
            {
                return time;
            }
        }

        return null;
    }

    private void Count(FileOpen open, bool isAwaited)
    {
        if (open.IsCountedAwaited != isAwaited)
        {
            open.IsCountedAwaited = isAwaited;
            _awaited += isAwaited ? 1 : -1;
        }
    }

    /// <summary>Counts an open in. Called with the lock held.</summary>
    internal void Enter(FileOpen open, FileLink? link, StorePath path)
    {
        if (link is null)
        {
            link = new FileLink(_whole, path);
            _whole.Links.Add(link);
        }

        if (IsDirectory && open.Grant is not null)
        {
            Volume.LeasedDirectories.Add(link.Path, this);
        }

        if (IsStream && _opens.Count == 0)
        {
            _whole.Streams.Add(this);
        }

        link.OpenCount++;
        _share.Add(open.GrantedAccess, open.ShareAccess);
        _opens.Add(open);
        open.Link = link;
        open.State.Entered();
    }

    // Deletion and sharing of a file and of its streams depend on one another.
    internal void SignalRelativesLocked()
    {
        if (IsStream)
        {
            Whole.Caching.Signal();
        }

        foreach (var stream in StreamsLocked)
        {
            stream.Caching.Signal();
        }
    }

    /// <summary>The name by which the file is open, if it still exists. Called with the lock held.</summary>
    internal FileLink? FindLink(StorePath path)
    {
        foreach (var link in _whole.Links)
        {
            if (!link.Removed && Volume.SamePath(link.Path, path))
            {
                return link;
            }
        }

        return null;
    }
}
