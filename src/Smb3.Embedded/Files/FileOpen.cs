using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Afp;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files;

/// <summary>
/// One open of a file or directory, with everything that NT's I/O manager keeps for it (MS-FSA 2.1.1.6, Open; files_struct in Samba): what
/// it is, what it may do, and how long it lives. What can be done with it are operations, each a type of its own in the folders above
/// (<c>Data</c>, <c>Names</c>, <c>Information</c> …), which check the rights that the open was granted. Its owner closes it, once.
/// </summary>
internal sealed class FileOpen : ICachingOpen, ILockOwner, IWatchedDirectory
{
    private const int Closing = int.MinValue;
    private const int Pause = int.MinValue | PauseBit;
    private const int PauseBit = 1 << 30;
    private const int CountMask = PauseBit - 1;

    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AsyncMutex? _queries;
    private DirectoryWatch? _watch;
    private IDisposable? _outside;
    private volatile IStoreFile _handle;
    private volatile AfpInfoData? _information;
    private readonly StoreFence _fence;
    private TaskCompletionSource? _idle;
    private int _users;
    private int _paused;
    private int _nextEa;
    private volatile bool _needsArchive;
    private volatile bool _renamed;

    /// <summary>Takes over the store's handle.</summary>
    public FileOpen(FileObject file, OpenState state, IStoreFile handle)
    {
        File = file;
        State = state;
        state.Open = this;
        _handle = handle;
        _fence = file.Volume.Fence;
        _information = InformationOf(file, file.StreamName, handle);
        IsOfStream = handle is IStoreStream;
        (handle as IOpenedFile)?.ForgetOpening();
    }

    /// <summary>The file, shared with its other opens.</summary>
    public FileObject File { get; }

    /// <summary>The part of the open that may outlive its process.</summary>
    public OpenState State { get; }

    /// <summary>The volume.</summary>
    public Volume Volume => File.Volume;

    /// <summary>The name by which the file was opened, as of now.</summary>
    public StorePath Path => Link?.Path ?? State.Path;

    /// <summary>The path, including the name of the stream if a named one is open: <c>folder\file:stream</c>.</summary>
    public string FullName => File.StreamName is { } stream ? $"{Path.Text}:{stream}" : Path.Text;

    /// <summary>Whether it is a directory; a named stream of a directory is not.</summary>
    public bool IsDirectory => State.IsDirectory;

    /// <summary>The rights that the open has.</summary>
    public FileAccessMask GrantedAccess => State.GrantedAccess;

    /// <summary>What it lets other opens do.</summary>
    public ShareAccess ShareAccess => State.ShareAccess;

    /// <summary>FILE_MODE_INFORMATION and the rest of the create options.</summary>
    public CreateOptions Options => State.Options;

    /// <summary>Whether its writes are answered only when they are safe.</summary>
    public bool WritesThrough => Volume.Options.WritesThrough || (Options & CreateOptions.WriteThrough) != 0;

    /// <summary>Whether it reads and writes whole sectors only (MS-FSA 2.1.5.3 and 2.1.5.4).</summary>
    public bool IsUnbuffered => (Options & CreateOptions.NoIntermediateBuffering) != 0;

    /// <summary>Whether a range of the file consists of whole sectors.</summary>
    public bool IsAligned(long offset, long length)
    {
        var sector = Volume.Store.Traits.SectorSize;
        return offset % sector == 0 && length % sector == 0;
    }

    /// <summary>FilePositionInformation: where the last read ended, unless the client has set it since.</summary>
    public long Position => State.Position;

    /// <summary>Where a listing of the extended attributes continues (MS-FSA 2.1.5.12.14, Open.NextEaEntry).</summary>
    public int NextEa
    {
        get => Volatile.Read(ref _nextEa);
        set => Volatile.Write(ref _nextEa, value);
    }

    void ICachingOpen.CachingChanged() => State.Changed();

    void ILockOwner.LocksChanged() => State.Changed();

    StringComparison IWatchedDirectory.NameComparison => Volume.NameComparison;

    bool IWatchedDirectory.HidesUnreadable => State.HidesUnreadable;

    /// <summary>Whether a close has begun.</summary>
    public bool IsClosing => Volatile.Read(ref _users) is < 0 and var users && !SaysPaused(users);

    /// <summary>Whether its handle is that of a named stream.</summary>
    internal bool IsOfStream { get; private set; }

    /// <summary>Whether the name by which the file was opened is to be deleted.</summary>
    public bool IsDeletePending
    {
        get
        {
            lock (File.Sync)
            {
                return File.IsStreamDeletePending || (Link is { } link && (link.DeletePending || link.Removed));
            }
        }
    }

    /// <summary>The oplock or lease that it has; set when the open is added to its file's table, and kept afterwards.</summary>
    public CacheGrant? Grant { get; set; }

    /// <summary>Its holder; <see langword="null"/> if it has none that could go away.</summary>
    internal IOpenHolder? Holder { get; set; }

    /// <summary>Whether it is about to be closed because its holder has gone.</summary>
    internal bool IsLeaving => Holder is { IsLeaving: true };

    /// <summary>Whether it has lost its client and is kept for it, whatever other opens need.</summary>
    internal bool IsAwaited => Holder is { IsAwaited: true };

    /// <summary>Whether <see cref="FileObject.HasAwaited"/> counts it. Guarded by the file's lock.</summary>
    internal bool IsCountedAwaited { get; set; }

    /// <summary>Where breaks of <see cref="Grant"/> go.</summary>
    public IBreakSink? BreakSink { get; set; }

    /// <summary>Its place among the opens of <see cref="Grant"/>.</summary>
    public LinkedListNode<ICachingOpen>? GrantPlace { get; set; }

    /// <summary>
    /// Whether its client is a Mac that has found a server for Macs: its directories move with what is open in them, as on every UNIX, and a
    /// stream without data is none.
    /// </summary>
    internal bool IsMac { get; init; }

    /// <summary>What it keeps for its observer; <see langword="null"/> if it has none.</summary>
    internal ObservedOpen? Observation { get; init; }

    /// <summary>What it is counted with; <see langword="null"/>: nothing.</summary>
    internal FolderLoad? Folder { get; set; }

    /// <summary>The name that was opened; set when the open is added to its file's table, and kept afterwards.</summary>
    internal FileLink? Link { get; set; }

    /// <summary>
    /// Whether its close removes a delete-pending name even when other opens are left (FILE_DISPOSITION_POSIX_SEMANTICS).
    /// </summary>
    internal bool DeletesAtOnce { get; set; }

    /// <summary>Whether its close changes what the directory listing shows for the file.</summary>
    internal bool ChangedEntry { get; set; }

    /// <summary>Whether it has written since attributes were last set: the close sets FILE_ATTRIBUTE_ARCHIVE, as NTFS does.</summary>
    internal bool NeedsArchive
    {
        get => _needsArchive;
        set => _needsArchive = value;
    }

    /// <summary>Whether it has renamed its file.</summary>
    internal bool Renamed
    {
        get => _renamed;
        set => _renamed = value;
    }

    /// <summary>Its place in the listing of its directory; <see langword="null"/> until one is asked for.</summary>
    internal IAsyncDisposable? Cursor { get; set; }

    /// <summary>Success, or why the close could not put what was written in the store.</summary>
    internal NtStatus Loss { get; set; }

    /// <summary>Serializes the queries of the listing.</summary>
    internal AsyncMutex Queries => LazyInitializer.EnsureInitialized(ref _queries)!;

    /// <summary>What is watched through it.</summary>
    internal DirectoryWatch? Watch => Volatile.Read(ref _watch);

    /// <summary>Completes when a close has begun and everything that ran on the open has ended.</summary>
    internal Task Drained => _drained.Task;

    /// <summary>The store's handle, for as long as the files are ours.</summary>
    public IStoreFile Handle => _fence.IsUp ? new FencedFile(_handle.Path) : _handle;

    /// <summary>What reads and writes the data: the store's handle, except where data has a form to keep.</summary>
    public IStoreFile Data => _information is null || _fence.IsUp ? Handle : _information;

    /// <summary>Whether the open has at least one of <paramref name="rights"/>.</summary>
    public bool HasAny(FileAccessMask rights) => (GrantedAccess & rights) != 0;

    /// <summary>
    /// Completes when everything that runs on the open now has ended. A reconnect over a new connection starts its work only after that;
    /// otherwise a write that arrived on the old connection could land after newer ones.
    /// </summary>
    public async ValueTask WhenIdleAsync()
    {
        // Publish first, then look; an operation that ends does the opposite, so that one of the two always sees the other.
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        idle = Interlocked.CompareExchange(ref _idle, idle, null) ?? idle;
        if ((Interlocked.Or(ref _users, 0) & CountMask) != 0)
        {
            await _fence.WaitForAsync(idle.Task).ConfigureAwait(false);
        }

        Interlocked.CompareExchange(ref _idle, null, idle);
    }

    /// <summary>Keeps a close from going on while an operation runs. False if it has been closed.</summary>
    internal ValueTask<bool> EnterAsync() => TryEnter(out var isPaused) ? new(true) : isPaused ? new(EnterLaterAsync()) : new(false);

    /// <summary>The same without a wait.</summary>
    /// <param name="isPaused">Whether it can be entered after <see cref="WhenResumedAsync"/>.</param>
    internal bool TryEnter(out bool isPaused)
    {
        var users = Interlocked.Increment(ref _users);
        isPaused = false;
        if (users > 0 && !_fence.IsUp)
        {
            return true;
        }

        isPaused = SaysPaused(users) && !_fence.IsUp;
        Exit();
        return false;
    }

    /// <summary>Completes when the open is paused no longer, or the fence is up.</summary>
    internal async ValueTask WhenResumedAsync() => await _fence.WaitForAsync(File.WhenExchanged()).ConfigureAwait(false);

    /// <summary>Whether operations and the close are kept from beginning.</summary>
    internal bool IsPaused => Volatile.Read(ref _paused) != 0;

    /// <summary>Keeps operations, and the close, from beginning until <see cref="Resume"/>; false while any is running.</summary>
    internal bool TryPause()
    {
        if (Interlocked.CompareExchange(ref _users, Pause, 0) != 0)
        {
            return false;
        }

        Volatile.Write(ref _paused, 1);
        return true;
    }

    /// <summary>Lets operations go on.</summary>
    internal void Resume()
    {
        if (Interlocked.Exchange(ref _paused, 0) != 0)
        {
            Interlocked.Add(ref _users, unchecked(-Pause));
        }
    }

    /// <summary>What it has open has another name, and perhaps another handle. Called while it is paused, or has that name only now.</summary>
    /// <param name="handle">The handle that takes the place of the present one; <see langword="null"/>: none.</param>
    /// <param name="stream">The name of the stream; <see langword="null"/>: the data of the file.</param>
    /// <returns>The handle that it had; <see langword="null"/> if it keeps it.</returns>
    internal IStoreFile? Rename(IStoreFile? handle, string? stream)
    {
        var old = handle is null ? null : _handle;
        _handle = handle ?? _handle;
        _information = InformationOf(File, stream, _handle);
        IsOfStream = _handle is IStoreStream;
        return old;
    }

    /// <summary>
    /// The same on two opens, of which none is left entered while the other is waited for: that might be paused until the first is left.
    /// </summary>
    internal static async ValueTask<bool> EnterBothAsync(FileOpen one, FileOpen other)
    {
        while (await one.EnterAsync().ConfigureAwait(false))
        {
            if (other.TryEnter(out var isPaused))
            {
                return true;
            }

            one.Exit();
            if (!isPaused)
            {
                return false;
            }

            await other.WhenResumedAsync().ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Ends what <see cref="EnterAsync"/> began.</summary>
    internal void Exit()
    {
        switch (Interlocked.Decrement(ref _users))
        {
            case 0:
                Volatile.Read(ref _idle)?.TrySetResult();
                break;
            case Closing:
                _drained.TrySetResult();
                Volatile.Read(ref _idle)?.TrySetResult();
                break;
        }
    }

    /// <summary>Waits for a turn on the name by which the file was opened, wherever renames have moved it by then.</summary>
    /// <param name="toDelete">Whether the name is to be deleted: nothing may appear in a directory once it was found empty.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    internal async ValueTask<PathLocks.Turn> LockPathAsync(bool toDelete, CancellationToken cancellationToken)
    {
        while (true)
        {
            var path = Path;
            var turn = toDelete && File.Whole.IsDirectory
                ? await Volume.PathLocks.LockTreeAsync(path, cancellationToken).ConfigureAwait(false)
                : await Volume.PathLocks.LockAsync(path, cancellationToken).ConfigureAwait(false);
            if (path == Path)
            {
                return turn;
            }

            turn.Dispose();
        }
    }

    ValueTask<bool> IWatchedDirectory.ShowsAsync(StorePath path) =>
        AccessBasedEnumeration.ShowsAsync(Volume.Security, Volume.Store, path, State.Caller, CancellationToken.None);

    /// <summary>Begins the close: no further operation can start. False if a close had already begun.</summary>
    internal async ValueTask<bool> BeginCloseAsync()
    {
        while (true)
        {
            var users = Interlocked.Or(ref _users, Closing); // changes nothing of a pause
            if (!SaysPaused(users))
            {
                return users >= 0;
            }

            await WhenResumedAsync().ConfigureAwait(false);
            if (_fence.IsUp)
            {
                Resume(); // what it is paused for may never end in the store
            }
        }
    }

    /// <summary>Whether an operation is under way.</summary>
    internal bool IsBusy => (Volatile.Read(ref _users) & CountMask) != 0;

    /// <summary>When the file last changed; null if this open cannot tell.</summary>
    internal async ValueTask<FileTime?> ReadChangeTimeAsync()
    {
        if (!await EnterAsync().ConfigureAwait(false))
        {
            return null;
        }

        try
        {
            var metadata = await Handle.GetMetadataAsync(CancellationToken.None).ConfigureAwait(false);
            return metadata.Succeeded ? metadata.Value.ChangeTime : null;
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>The directory is to be deleted: pending watch requests are told so.</summary>
    internal void TellDeletePending() => Volatile.Read(ref _watch)?.End(NtStatus.DeletePending, forGood: false);

    /// <summary>Begins to watch, unless it already does.</summary>
    internal DirectoryWatch StartWatch(ChangeFilter filter, bool tree, int room)
    {
        var made = new DirectoryWatch(this, filter, tree, room);
        if (Interlocked.CompareExchange(ref _watch, made, null) is { } other)
        {
            return other;
        }

        Volume.Watches.Add(made);
        _outside = Volume.OutsideChanges.Start(made, Path, tree);
        return made;
    }

    /// <summary>Ends the watch: pending requests are told so.</summary>
    /// <param name="forget">Whether no new watch can begin afterwards.</param>
    internal void EndWatch(bool forget)
    {
        if (Volatile.Read(ref _watch) is not { } watch)
        {
            return;
        }

        watch.End(NtStatus.NotifyCleanup, forGood: true);
        if (!forget)
        {
            return;
        }

        Volume.Watches.Remove(watch);
        _outside?.Dispose();
    }

    private static bool SaysPaused(int users) => users < 0 && (users & PauseBit) != 0;

    private static AfpInfoData? InformationOf(FileObject file, string? stream, IStoreFile handle) =>
        file.Volume.Options.ServesMacs && AfpStream.IsInformation(stream) ? new AfpInfoData(handle) : null;

    private async Task<bool> EnterLaterAsync()
    {
        bool isPaused;
        do
        {
            await WhenResumedAsync().ConfigureAwait(false);
            if (TryEnter(out isPaused))
            {
                return true;
            }
        }
        while (isPaused);

        return false;
    }
}
