using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Quotas;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// One store as NT would serve it: the table of the files that are open (by <see cref="FileMetadata.FileId"/>), and the way to open
/// more. All shares on a store use one volume, or they would not see each other's opens.
/// </summary>
internal sealed class Volume
{
    private readonly Lock _sync = new();
    private readonly IFileStore _store;
    private readonly Dictionary<FileKey, FileObject> _files = [];
    private readonly HashSet<string> _deletePending;
    private volatile int _deletePendingCount;
    private int _opens;

    /// <summary>Serves <paramref name="store"/>.</summary>
    /// <param name="store">The files.</param>
    /// <param name="options">The choices.</param>
    /// <param name="versions">Of a snapshot: all snapshots of the volume that it is one of.</param>
    public Volume(IFileStore store, VolumeOptions options, PreviousVersions? versions = null)
    {
        _store = store;
        Fence = versions?.Fence ?? new StoreFence();
        Store = new FencedStore(store, Fence);
        Versions = versions ?? new PreviousVersions(store, options, Fence);
        Options = options;
        var caseSensitive = store.Traits.Has(StoreAbilities.CaseSensitive);
        NameComparison = caseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        var comparer = StringComparer.FromComparison(NameComparison);
        PathLocks = new PathLocks(NameComparison, Fence.Token);
        Quotas = store.Traits.Has(StoreAbilities.Quotas) && store is IQuotaStore quotas ? new VolumeQuotas(quotas) : null;
        Security = new FileSecurity(Store);
        Watches = new WatchTable(comparer);
        OutsideChanges = new OutsideChanges(store as IChangeSource, comparer, options.Time);
        LeasedDirectories = new LeasedDirectories(comparer, OutsideChanges);
        OutsideUse = options.NoticesLocalPrograms ? store as IOutsideUseSource : null;
        BreakDeadlines = new BreakDeadlines(options.Time, options.BreakTimeout);
        Tunnel = new NameTunnel(options.Time);
        ShortNames = new ShortNameResolver(Store, Tunnel);
        _deletePending = new HashSet<string>(comparer);
    }

    /// <summary>
    /// Raised after each change that an open made, on the thread that made it. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<FileChange>? Changed;

    /// <summary>Where the files are, as long as they are ours.</summary>
    public IFileStore Store { get; }

    /// <summary>What is put up when they are not any more.</summary>
    public StoreFence Fence { get; }

    /// <summary>What tells whether the store is still where it was opened; null: it has no place.</summary>
    public IPlacedStore? Place => _store as IPlacedStore;

    /// <summary>The choices.</summary>
    public VolumeOptions Options { get; }

    /// <summary>How names are compared.</summary>
    public StringComparison NameComparison { get; }

    /// <summary>How many opens there are.</summary>
    public int OpenCount => Volatile.Read(ref _opens);

    /// <summary>How long clients have to answer breaks.</summary>
    internal BreakDeadlines BreakDeadlines { get; }

    /// <summary>Whether this thread holds the lock of the tables, the last one in the order: nothing else is taken with it.</summary>
    internal bool HoldsTables => _sync.IsHeldByCurrentThread;

    /// <summary>How many files are open.</summary>
    public int FileCount
    {
        get
        {
            lock (_sync)
            {
                return _files.Count;
            }
        }
    }

    /// <summary>The snapshots; those of a snapshot are its volume's.</summary>
    public PreviousVersions Versions { get; }

    /// <summary>The quotas; null where the store has none.</summary>
    public VolumeQuotas? Quotas { get; }

    /// <summary>Puts in a row what is done to one name, or to all below a directory.</summary>
    internal PathLocks PathLocks { get; }

    /// <summary>Directories whose listings clients cache.</summary>
    internal LeasedDirectories LeasedDirectories { get; }

    /// <summary>Security descriptors.</summary>
    internal FileSecurity Security { get; }

    /// <summary>Finds files by their 8.3 names.</summary>
    internal ShortNameResolver ShortNames { get; }

    /// <summary>Who watches which directory.</summary>
    internal WatchTable Watches { get; }

    /// <summary>What happens behind the server's back.</summary>
    internal OutsideChanges OutsideChanges { get; }

    /// <summary>Notices what other programs of the machine do with files that clients cache; null: nobody does.</summary>
    internal IOutsideUseSource? OutsideUse { get; }

    /// <summary>Names that went a moment ago.</summary>
    internal NameTunnel Tunnel { get; }

    /// <summary>Whether it serves this very store.</summary>
    public bool IsOn(IFileStore store) => ReferenceEquals(_store, store);

    /// <summary>Size, free space, label and serial number.</summary>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        Store.GetVolumeAsync(cancellationToken);

    /// <summary>
    /// Whether the store can remove a name, or a stream of it, before anybody is told that it will be gone. A name that has gone already
    /// stands in nobody's way.
    /// </summary>
    public async ValueTask<NtStatus> CanDeleteAsync(IStoreFile file, StorePath path, string? stream, CancellationToken cancellationToken)
    {
        var status = stream is null
            ? await Store.CanDeleteAsync(path, cancellationToken).ConfigureAwait(false)
            : file is IStreamedFile streamed
                ? await streamed.CanDeleteStreamAsync(stream, cancellationToken).ConfigureAwait(false)
                : NtStatus.NotSupported;
        return status == NtStatus.ObjectNameNotFound ? NtStatus.Success : status;
    }

    /// <summary>Clients were told that a name, or a stream, goes with its last close, and the store did not do it.</summary>
    public void ReportRemovalFailed(string path, NtStatus status)
    {
        Options.Metrics?.RemovalFailed((uint)status);
        ServerLog.RemovalFailed(Options.Logger, path, Options.Name, status.ToString());
    }

    /// <summary>The opens, as of now.</summary>
    public IReadOnlyList<FileOpen> GetOpens()
    {
        var opens = new List<FileOpen>();
        foreach (var file in GetFiles())
        {
            opens.AddRange(file.GetOpens());
        }

        return opens;
    }

    /// <summary>Whether two paths are the same to this store.</summary>
    internal bool SamePath(StorePath left, StorePath right) => string.Equals(left.Text, right.Text, NameComparison);

    /// <summary>The time of this volume's clock.</summary>
    internal FileTime Now() => FileTime.From(Options.Time.GetUtcNow());

    /// <summary>The files that are open, as of now.</summary>
    internal FileObject[] GetFiles()
    {
        lock (_sync)
        {
            return [.. _files.Values];
        }
    }

    /// <summary>The file object of a file that is open.</summary>
    internal FileObject? Find(ulong fileId)
    {
        lock (_sync)
        {
            return _files.GetValueOrDefault(new FileKey(fileId));
        }
    }

    /// <summary>The file object, made if need be, and kept until <see cref="Dereference"/>.</summary>
    internal FileObject Reference(ulong fileId, bool isDirectory)
    {
        lock (_sync)
        {
            return ReferenceLocked(new FileKey(fileId), isDirectory, null, null);
        }
    }

    /// <summary>The object of a named stream, which keeps that of its file.</summary>
    internal FileObject ReferenceStream(ulong fileId, bool isDirectory, string name)
    {
        lock (_sync)
        {
            var key = StreamKey(fileId, name);
            if (_files.TryGetValue(key, out var stream))
            {
                stream.References++;
                return stream;
            }

            return ReferenceLocked(key, false, name, ReferenceLocked(new FileKey(fileId), isDirectory, null, null));
        }
    }

    /// <summary>A stream that is open has another name now, or none that anybody finds it by.</summary>
    internal void MoveStream(FileObject stream, string? name)
    {
        lock (_sync)
        {
            if (_files.GetValueOrDefault(stream.Key) == stream)
            {
                _files.Remove(stream.Key);
            }

            if (name is null)
            {
                return;
            }

            stream.Key = StreamKey(stream.FileId, name);
            _files[stream.Key] = stream;
        }
    }

    /// <summary>The object of a stream that is open.</summary>
    internal FileObject? FindStream(ulong fileId, string name)
    {
        lock (_sync)
        {
            return _files.GetValueOrDefault(StreamKey(fileId, name));
        }
    }

    /// <summary>Undoes one <see cref="Reference"/>; the last one takes the file out of the table.</summary>
    internal void Dereference(FileObject file)
    {
        lock (_sync)
        {
            if (--file.References > 0)
            {
                return;
            }

            if (_files.GetValueOrDefault(file.Key) == file)
            {
                _files.Remove(file.Key);
            }

            if (file.IsStream && --file.Whole.References == 0)
            {
                _files.Remove(file.Whole.Key);
            }
        }
    }

    private FileObject ReferenceLocked(FileKey key, bool isDirectory, string? streamName, FileObject? whole)
    {
        if (!_files.TryGetValue(key, out var file))
        {
            _files.Add(key, file = new FileObject(this, key, isDirectory, streamName, whole));
        }

        file.References++;
        return file;
    }

    private FileKey StreamKey(ulong fileId, string name) =>
        new(fileId, NameComparison == StringComparison.Ordinal ? name : name.ToUpperInvariant());

    /// <summary>Names that are to be deleted by a close.</summary>
    internal int DeletePendingCount => _deletePendingCount;

    /// <summary>Counts opens in and out.</summary>
    internal void CountOpen(int by) => Interlocked.Add(ref _opens, by);

    /// <summary>Whether the directory <paramref name="path"/> is to be deleted.</summary>
    internal bool IsDeletePending(StorePath path)
    {
        if (_deletePendingCount == 0)
        {
            return false;
        }

        lock (_sync)
        {
            return _deletePending.Contains(path.Text);
        }
    }

    /// <summary>Marks a name; called with its file's lock held.</summary>
    internal void SetDeletePending(FileLink link, bool pending)
    {
        link.DeletePending = pending;
        link.File.NoteChangedLocked(link);
        lock (_sync)
        {
            if (pending)
            {
                _deletePending.Add(link.Path.Text);
            }
            else
            {
                _deletePending.Remove(link.Path.Text);
            }

            _deletePendingCount = _deletePending.Count;
        }
    }

    /// <summary>Tells who listens, and who caches the listing, of a change that <paramref name="by"/> made.</summary>
    internal ValueTask RaiseAsync(FileChange change, FileOpen by)
    {
        by.File.Whole.Caching.NoteOwn();
        return RaiseAsync(change, by.State.Lease?.ParentKey);
    }

    /// <summary>Tells who listens, and who caches the listing under another key than <paramref name="spared"/>, of a change.</summary>
    internal ValueTask RaiseAsync(FileChange change, Guid? spared)
    {
        var told = LeasedDirectories.EntryChanged(change.Path, spared);
        OutsideChanges.Own(change);
        Watches.Publish(change);
        Changed?.Invoke(change);
        return told is null ? default : new ValueTask(told);
    }

    /// <summary>
    /// Tells who listens that <paramref name="by"/> moved a name: who watches its directory hears of the old and the new name together;
    /// from one directory to another it is a removal and an addition.
    /// </summary>
    internal async ValueTask RaiseRenamedAsync(
        StorePath source, StorePath target, ChangeFilter filter, FileOpen by, IReadOnlySet<DirectoryWatch>? seers)
    {
        by.File.Whole.Caching.NoteOwn();
        var toldOfOld = LeasedDirectories.EntryChanged(source, by.State.Lease?.ParentKey);
        var toldOfNew = LeasedDirectories.EntryChanged(target, by.State.Lease?.ParentKey);
        var stays = SamePath(source.Parent, target.Parent);
        var old = new FileChange(stays ? ChangeAction.RenamedOldName : ChangeAction.Removed, source, filter, seers);
        var now = new FileChange(stays ? ChangeAction.RenamedNewName : ChangeAction.Added, target, filter, stays ? seers : null);
        OutsideChanges.Own(old);
        OutsideChanges.Own(now);
        Watches.Publish(old, now);
        Changed?.Invoke(old);
        Changed?.Invoke(now);
        await (toldOfOld ?? Task.CompletedTask).ConfigureAwait(false);
        await (toldOfNew ?? Task.CompletedTask).ConfigureAwait(false);
    }

    /// <summary>
    /// Tells who listens, and at once who caches the listing, that the file of <paramref name="open"/> changed: the listing shows it (what
    /// SET_INFO sets, and an overwrite).
    /// </summary>
    /// <param name="open">Who changed it.</param>
    /// <param name="filter">What changed; nothing when it is not told, as of a change time that was set.</param>
    internal ValueTask RaiseModifiedAsync(FileOpen open, ChangeFilter filter)
    {
        var told = LeasedDirectories.EntryChanged(open.Path, open.State.Lease?.ParentKey);
        RaiseModified(open, filter);
        return told is null ? default : new ValueTask(told);
    }

    /// <summary>
    /// Tells who listens that the file of <paramref name="open"/> was written to. Who caches the listing is told with the close, which
    /// is when NTFS shows it in the directory.
    /// </summary>
    internal void RaiseWritten(FileOpen open)
    {
        open.ChangedEntry = true;
        RaiseModified(open, ChangeFilter.LastWrite | ChangeFilter.Size);
    }

    /// <summary>Tells who listens, and nobody who caches the listing, that the file of <paramref name="open"/> changed.</summary>
    internal void RaiseModified(FileOpen open, ChangeFilter filter)
    {
        open.File.Whole.Caching.NoteOwn();
        if (Watches.Count == 0 && Changed is null && !OutsideChanges.IsHeard)
        {
            return;
        }

        if (open.File.IsStream && (filter & (ChangeFilter.Size | ChangeFilter.LastWrite)) != 0)
        {
            RaiseStream(
                ChangeAction.ModifiedStream,
                open,
                ((filter & ChangeFilter.Size) != 0 ? ChangeFilter.StreamSize : 0)
                    | ((filter & ChangeFilter.LastWrite) != 0 ? ChangeFilter.StreamWrite : 0));
            return;
        }

        var change = new FileChange(ChangeAction.Modified, open.Path, filter);
        OutsideChanges.Own(change);
        if (filter == ChangeFilter.None)
        {
            return;
        }

        Watches.Publish(change);
        Changed?.Invoke(change);
    }

    /// <summary>Tells who listens of a stream, by the name under which it was opened.</summary>
    internal void RaiseStream(ChangeAction action, FileOpen open, ChangeFilter filter)
    {
        if (Watches.Count == 0 && Changed is null)
        {
            return;
        }

        var change = new FileChange(action, new StorePath(open.FullName), filter);
        Watches.Publish(change);
        Changed?.Invoke(change);
    }
}
