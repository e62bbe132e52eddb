using System.Diagnostics;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Ranges;
using Smb3.Embedded.Files.Safety;
using Smb3.Embedded.Files.Sharing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files;

/// <summary>
/// A file or directory, or one of its named streams, that is open at least once: what all its opens share (MS-FSA 2.1.1.3, File, and
/// 2.1.1.4, Stream). It is in the volume's table from the first open to the last close. Each stream has share modes, locks and caching of
/// its own; names and times belong to the whole file, whose lock the stream shares.
/// </summary>
internal sealed class FileObject : ICachedFile, IJournaledFile
{
    private readonly Lock _sync;
    private readonly HashSet<FileOpen> _opens = [];
    private readonly List<FileLink> _links = [];
    private readonly List<FileObject> _streams = [];
    private readonly FileObject? _whole;
    private ShareModes _share;
    private int _awaited;
    private AsyncMutex? _appends;
    private SharedFlush? _flush;
    private Remakings? _remakings;
    private volatile ByteRangeLocks? _locks;
    private volatile WatchedRanges? _watched;

    /// <summary>A file of <paramref name="volume"/>.</summary>
    public FileObject(Volume volume, FileKey key, bool isDirectory, string? streamName = null, FileObject? whole = null)
    {
        Volume = volume;
        Key = key;
        IsDirectory = isDirectory;
        StreamName = streamName;
        _whole = whole;
        _sync = whole?._sync ?? new Lock();
        Times = whole?.Times ?? new VisibleTimes(volume.Options);
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
            return _sync;
        }
    }

    /// <summary>The volume that it is on.</summary>
    public Volume Volume { get; }

    /// <summary>The number by which the store knows the file.</summary>
    public ulong FileId => Key.FileId;

    /// <summary>Its key in the volume's table. Guarded by the table's lock.</summary>
    public FileKey Key { get; set; }

    /// <summary>The file that a stream is part of; otherwise itself.</summary>
    public FileObject Whole => _whole ?? this;

    /// <summary>Whether it is a named stream.</summary>
    public bool IsStream => _whole is not null;

    /// <summary>The name of a stream, in the case in which it was given; otherwise null.</summary>
    public string? StreamName { get; private set; }

    /// <summary>Whether any named stream of the file is open.</summary>
    public bool HasOpenStreams
    {
        get
        {
            lock (Sync)
            {
                return _streams.Count > 0;
            }
        }
    }

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; }

    /// <summary>The times that handles see while they differ from the store's.</summary>
    public VisibleTimes Times { get; }

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
    public Remakings Remakings => LazyInitializer.EnsureInitialized(ref _remakings)!;

    /// <summary>Completes when a change of the file can be answered; <see langword="null"/>: now (<see cref="Locking.Remakings"/>).</summary>
    public Task? WhenRemade() => Volatile.Read(ref Whole._remakings)?.WhenOver();

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

    /// <summary>The opens themselves. Called with the lock held.</summary>
    internal HashSet<FileOpen> OpensLocked => _opens;

    /// <summary>The named streams that are open. Called with the lock held.</summary>
    internal List<FileObject> StreamsLocked => _streams;

    /// <summary>Whether the stream is to be deleted. Changed with the lock held, like everything in <see cref="FileDeletion"/>.</summary>
    internal bool StreamDeletePending { get; set; }

    /// <summary>Whether the stream is gone.</summary>
    internal bool StreamRemoved { get; set; }

    /// <summary>Whether any of its opens is kept for a client that is away. Guarded by <see cref="Sync"/>.</summary>
    internal bool HasAwaited => _awaited > 0;

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

    /// <summary>Whether every open of every stream allows the file to be deleted.</summary>
    public bool StreamsShareDelete()
    {
        lock (Sync)
        {
            foreach (var stream in _streams)
            {
                if (!stream._share.Allows(FileAccessMask.Delete, ShareAccess.All))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>
    /// Whether a new open with this access and sharing would collide with the existing ones, or only with those of the client.
    /// </summary>
    public NtStatus CheckShare(StorePath path, FileAccessMask access, ShareAccess share, Guid? client)
    {
        lock (Sync)
        {
            if (this.IsDeletePendingLocked(path))
            {
                return NtStatus.DeletePending;
            }

            if (client is null)
            {
                return AllowsLocked(access, share) ? NtStatus.Success : NtStatus.SharingViolation;
            }

            foreach (var open in _opens)
            {
                if (open.State.ClientGuid == client && !ShareModes.Allow(open.GrantedAccess, open.ShareAccess, access, share))
                {
                    return NtStatus.SharingViolation;
                }
            }

            return NtStatus.Success;
        }
    }

    /// <summary>
    /// Adds an open, unless its name is to be deleted or its sharing collides, and grants it the caching that it asks for. Caches of other
    /// clients that must be given up first are broken.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="path">The name by which it was opened.</param>
    /// <param name="wish">The caching that it asks for.</param>
    /// <param name="extent">Bytes that the file takes up now.</param>
    /// <param name="overwrites">Whether it overwrites the file, which counts as writing for the other opens that share it.</param>
    /// <param name="again">Whether it has waited before.</param>
    /// <param name="patient">Whether it waits for opens that are about to be closed (<see cref="FileOpen.IsLeaving"/>).</param>
    /// <param name="knowsAwaited">Whether its client can be told of opens that wait for theirs (<see cref="FileOpen.IsAwaited"/>).</param>
    /// <param name="wait">With PENDING: what to wait for before trying again.</param>
    public NtStatus TryAdd(
        FileOpen open, StorePath path, CachingRequest? wish, long extent, bool overwrites, bool again, bool patient, bool knowsAwaited,
        out OpenWait? wait)
    {
        BreakBatch breaks = default;
        var status = TryAdd(open, path, wish, overwrites ? 0 : extent, overwrites, again, patient, knowsAwaited, ref breaks, out wait);
        breaks.Send();
        return status;
    }

    private NtStatus TryAdd(
        FileOpen open, StorePath path, CachingRequest? wish, long extent, bool overwrites, bool again, bool patient,
        bool knowsAwaited, ref BreakBatch breaks, out OpenWait? wait)
    {
        wait = null;
        lock (Sync)
        {
            var link = FindLink(path);
            if (this.IsDeletePendingLocked(path))
            {
                wait = patient ? this.WaitForDeletionLocked(path) : null;
                return wait is null ? NtStatus.DeletePending : NtStatus.Pending;
            }

            // For the other opens, truncating a file is writing to it (MS-FSA 2.1.5.1.2).
            var access = open.GrantedAccess | (overwrites ? FileAccessMask.WriteData : 0);
            var collides = !AllowsLocked(access, open.ShareAccess);
            if (Caching.BreakForOpen(wish, open, collides, overwrites, again, ref breaks))
            {
                wait = new OpenWait(Caching.WhenChanged());
                return NtStatus.Pending;
            }

            var onlyLeaving = patient
                && (collides ? this.OnlyLeavingCollide(access, open.ShareAccess) : wish is not null && this.OnlyLeavingHoldBack(wish, extent));
            if (onlyLeaving)
            {
                wait = new OpenWait(Caching.WhenChanged(), IsForLeaving: true);
                return NtStatus.Pending;
            }

            if (knowsAwaited && this.IsUnavailable(access, open.ShareAccess, collides))
            {
                return NtStatus.FileNotAvailable;
            }

            if (collides)
            {
                return NtStatus.SharingViolation;
            }

            var status = Caching.Add(open, wish, extent);
            if (status != NtStatus.Success)
            {
                return status;
            }

            Enter(open, link, path);
            return NtStatus.Success;
        }
    }

    /// <summary>
    /// Adds an open that existed before the server came up: it shared the file with the others then, so nothing is checked again.
    /// </summary>
    /// <param name="open">The open.</param>
    /// <param name="path">The name by which it is open.</param>
    /// <param name="record">The state it had.</param>
    /// <param name="table">The leases of its client; <see langword="null"/> if it has none.</param>
    /// <param name="sink">Where breaks go.</param>
    public void Restore(FileOpen open, StorePath path, OpenRecord record, LeaseTable? table, IBreakSink? sink)
    {
        lock (Sync)
        {
            if (record.Plan is { Overwrites: false })
            {
                Caching.Add(open, record.WishOf(table, sink), extent: 0); // it had been made, but not opened
            }
            else
            {
                var kept = new KeptCaching(record.Caching, record.LeaseEpoch, record.BreakingTo, record.BreakingFor);
                Caching.Restore(open, table, record.Lease, kept, sink);
            }

            var link = FindLink(path);
            Enter(open, link, path);
            if (!record.DeletePending)
            {
                return;
            }

            if (IsStream)
            {
                StreamDeletePending = true;
            }
            else if (!open.Link!.DeletePending)
            {
                this.MarkDeletePending(open.Link, open);
            }
        }
    }

    /// <summary>The stream now has another name.</summary>
    public void RenameStream(string name)
    {
        lock (Sync)
        {
            StreamName = name;
            foreach (var open in _opens)
            {
                open.State.StreamMoved();
            }
        }

        Volume.MoveStream(this, name);
    }

    /// <summary>
    /// The store is about to give the stream another name; <see langword="null"/>: it did not. True if that must be safe first.
    /// </summary>
    public bool PlanStreamMove(string? name)
    {
        var isKept = false;
        lock (Sync)
        {
            foreach (var open in _opens)
            {
                open.State.PlanStreamMove(name);
                isKept |= open.State.IsKept;
            }
        }

        return isKept;
    }

    /// <summary>
    /// The store is about to give the file another name; <see langword="null"/>: it did not. True if that must be safe first, because a journal
    /// keeps an open that came by the name.
    /// </summary>
    public bool PlanMove(FileLink link, StorePath? path)
    {
        var isKept = false;
        lock (Sync)
        {
            foreach (var open in _opens)
            {
                if (open.Link == link && open.State.IsKept)
                {
                    open.State.PlanMove(path);
                    isKept = true;
                }
            }

            foreach (var stream in _streams)
            {
                isKept |= stream.PlanMove(link, path);
            }
        }

        return isKept;
    }

    /// <summary>A name has moved, and with it all opens that came by it.</summary>
    public void Move(FileLink link, StorePath path)
    {
        lock (Sync)
        {
            if (IsDirectory)
            {
                Volume.LeasedDirectories.Move(link.Path, path, this);
            }

            var pending = link.DeletePending;
            if (pending)
            {
                Volume.SetDeletePending(link, false); // it is registered by name
            }

            link.Path = path;
            if (pending)
            {
                Volume.SetDeletePending(link, true);
            }

            MoveOpensLocked(link, path);
            foreach (var stream in _streams)
            {
                stream.MoveOpensLocked(link, path);
            }
        }
    }

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
            if (_whole is not null && _opens.Count == 0)
            {
                _whole._streams.Remove(this);
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

            Whole._links.Remove(link);
            if (link is { DeletePending: true, Removed: false })
            {
                Volume.SetDeletePending(link, false);
            }
        }
    }

    /// <summary>The names by which the file is open, as of now.</summary>
    public FileLink[] GetLinks()
    {
        lock (Sync)
        {
            return [.. _links];
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

    private void Enter(FileOpen open, FileLink? link, StorePath path)
    {
        if (link is null)
        {
            link = new FileLink(Whole, path);
            Whole._links.Add(link);
        }

        if (IsDirectory && open.Grant is not null)
        {
            Volume.LeasedDirectories.Add(link.Path, this);
        }

        if (_whole is not null && _opens.Count == 0)
        {
            _whole._streams.Add(this);
        }

        link.OpenCount++;
        _share.Add(open.GrantedAccess, open.ShareAccess);
        _opens.Add(open);
        open.Link = link;
        open.State.Entered();
    }

    /// <summary>
    /// MS-FSA 2.1.5.1.2.2: deleting a file deletes its streams, so their opens must allow it; and a stream that does not allow it cannot be
    /// opened while another open holds the file for deletion.
    /// </summary>
    private bool AllowsLocked(FileAccessMask access, ShareAccess share)
    {
        if (!_share.Allows(access, share))
        {
            return false;
        }

        if (_whole is null)
        {
            return (access & FileAccessMask.Delete) == 0 || _streams.Count == 0 || StreamsShareDelete();
        }

        const FileAccessMask Data = FileAccessMask.ReadData | FileAccessMask.WriteData | FileAccessMask.AppendData
            | FileAccessMask.Execute | FileAccessMask.Delete;
        return (share & ShareAccess.Delete) != 0 || (access & Data) == 0
            || !_whole._share.AnyDeleter;
    }

    // Deletion and sharing of a file and of its streams depend on one another.
    private void SignalRelativesLocked()
    {
        _whole?.Caching.Signal();
        foreach (var stream in _streams)
        {
            stream.Caching.Signal();
        }
    }

    private void MoveOpensLocked(FileLink link, StorePath path)
    {
        foreach (var open in _opens)
        {
            if (open.Link == link)
            {
                open.State.MoveTo(path);
            }
        }
    }

    /// <summary>The name by which the file is open, if it still exists. Called with the lock held.</summary>
    internal FileLink? FindLink(StorePath path)
    {
        foreach (var link in Whole._links)
        {
            if (!link.Removed && Volume.SamePath(link.Path, path))
            {
                return link;
            }
        }

        return null;
    }
}
