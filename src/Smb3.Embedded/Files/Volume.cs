using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Fencing;
using Smb3.Embedded.Files.Naming;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Parts;
using Smb3.Embedded.Files.Quotas;
using Smb3.Embedded.Files.Safety;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Layers;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files;

/// <summary>
/// One store as NT would serve it: the table of open files (by <see cref="FileMetadata.FileId"/>), and the way to open more. All shares on
/// a store use one volume; otherwise they would not see each other's opens.
/// </summary>
internal sealed class Volume
{
    /// <summary>How long what could not be kept is waited for before it is tried again.</summary>
    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(100);

    private readonly IFileStore _store;
    private readonly PartStore? _part;
    private CacheRecall? _recall;
    private int _opens;

    /// <summary>Serves <paramref name="store"/>.</summary>
    /// <param name="store">The files.</param>
    /// <param name="options">The options.</param>
    /// <param name="versions">For a snapshot: all snapshots of the volume that it belongs to.</param>
    public Volume(IFileStore store, VolumeOptions options, PreviousVersions? versions = null)
    {
        _store = store;
        _part = store as PartStore;
        Fence = versions?.Fence ?? options.Fence ?? new StoreFence(options.Lease);
        Statistics = versions?.Statistics ?? new IoStatistics();
        Versions = versions ?? new PreviousVersions(store, options, Fence, Statistics);
        Options = options;
        var caseSensitive = store.Traits.Has(StoreAbilities.CaseSensitive);
        NameComparison = caseSensitive ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        Folders = options.CountsFolders && versions is null ? new FolderLoads(NameComparison) : null;
        var comparer = StringComparer.FromComparison(NameComparison);
        Names = options.WritesThrough && !store.Traits.Has(StoreAbilities.ReadOnly) ? new SafeNames(store, comparer) : null;
        Store = new FencedStore(Names ?? store, Fence);
        PathLocks = new PathLocks(NameComparison, Fence.Token);
        LastAccess = store.Traits.Has(StoreAbilities.ReadOnly) ? LastAccessUpdates.Off : store.Traits.LastAccess;
        Quotas = store.Traits.Has(StoreAbilities.Quotas) && store is IQuotaStore quotas ? new VolumeQuotas(quotas) : null;
        Security = new FileSecurity(Store, PathOf);
        Watches = new WatchTable(comparer);
        OutsideChanges = new OutsideChanges(store as IChangeSource, comparer, options.Time);
        LeasedDirectories = new LeasedDirectories(comparer, OutsideChanges);
        OutsideUse = options.NoticesLocalPrograms ? store as IOutsideUseSource : null;
        BreakDeadlines = new BreakDeadlines(options.Time, options.BreakTimeout);
        KeptBreaks = options.Journal is { } journal ? new KeptBreaks(journal.CommitAsync, options.Time) : null;
        var shortNames = new ShortNameTables(Store, options.Time, comparer);
        Tunnel = new NameTunnel(shortNames, options.Time);
        ShortNames = new ShortNameResolver(Store, shortNames, Tunnel);
        Doomed = new DoomedNames(comparer);
        OpenFiles = new FileTable(this);
    }

    /// <summary>
    /// Raised after each change that an open made, on the thread that made it. Handlers must be quick and must not throw.
    /// </summary>
    public event Action<FileChange>? Changed;

    /// <summary>The store with the files, for as long as they are ours.</summary>
    public IFileStore Store { get; }

    /// <summary>Whether last access times move with reads and writes.</summary>
    internal LastAccessUpdates LastAccess { get; }

    /// <summary>What makes changes of names safe before they are answered; null if the volume does not promise that.</summary>
    internal SafeNames? Names { get; }

    /// <summary>The fence that goes up when they no longer are.</summary>
    public StoreFence Fence { get; }

    /// <summary>Tells whether the store is still where it was opened; null if it has no place.</summary>
    public IPlacedStore? Place => _store as IPlacedStore;

    /// <summary>What the store says is wrong with what it depends on; null: nothing.</summary>
    public string? Problem => (_store as IReportingStore)?.Problem;

    /// <summary>
    /// The same where layers say it that lie on a store which says nothing: nobody else can log it. A store of a service logs what it reports itself.
    /// </summary>
    public string? ProblemOfLayers
    {
        get
        {
            var lowest = _store;
            while (lowest is LayeredStore layer)
            {
                lowest = layer.Below;
            }

            return lowest is IReportingStore ? null : Problem;
        }
    }

    /// <summary>The options.</summary>
    public VolumeOptions Options { get; }

    /// <summary>How much is read and written, snapshots included.</summary>
    public IoStatistics Statistics { get; }

    /// <summary>What is carried where; <see langword="null"/>: that is not counted.</summary>
    internal FolderLoads? Folders { get; }

    /// <summary>How names are compared.</summary>
    public StringComparison NameComparison { get; }

    /// <summary>How many opens there are.</summary>
    public int OpenCount => Volatile.Read(ref _opens);

    /// <summary>How long clients have to answer breaks.</summary>
    internal BreakDeadlines BreakDeadlines { get; }

    /// <summary>The files that are open.</summary>
    internal FileTable OpenFiles { get; }

    /// <summary>The names that a close deletes.</summary>
    internal DoomedNames Doomed { get; }

    /// <summary>Whether this thread holds the lock of a table.</summary>
    internal bool HoldsTables => OpenFiles.IsHeld || Doomed.IsHeld;

    /// <summary>The snapshots; a snapshot has those of its volume.</summary>
    public PreviousVersions Versions { get; }

    /// <summary>The quotas; null if the store has none.</summary>
    public VolumeQuotas? Quotas { get; }

    /// <summary>Serializes what is done to one name, or to everything below a directory.</summary>
    internal PathLocks PathLocks { get; }

    /// <summary>Directories whose listings clients cache.</summary>
    internal LeasedDirectories LeasedDirectories { get; }

    /// <summary>Security descriptors.</summary>
    internal FileSecurity Security { get; }

    /// <summary>Finds files by their 8.3 names.</summary>
    internal ShortNameResolver ShortNames { get; }

    /// <summary>The directories that are watched, and by which opens.</summary>
    internal WatchTable Watches { get; }

    /// <summary>Changes made behind the server's back.</summary>
    internal OutsideChanges OutsideChanges { get; }

    /// <summary>Notices what other programs on the machine do with files that clients cache; null if nothing does.</summary>
    internal IOutsideUseSource? OutsideUse { get; }

    /// <summary>Sends the breaks that the journal keeps; null if there is none.</summary>
    internal KeptBreaks? KeptBreaks { get; }

    /// <summary>Names that were removed a moment ago.</summary>
    internal NameTunnel Tunnel { get; }

    /// <summary>
    /// Completes when every change so far of any open that outlives the process is safe; otherwise a failure, which is answered instead.
    /// </summary>
    public ValueTask<NtStatus> CommitAsync() => Options.Journal?.CommitAsync() ?? new(NtStatus.Success);

    /// <summary>
    /// The same for what was given up, which is answered as done even if that could not be kept. On a share that another node may take over it
    /// is waited for as long as this node has it: there the handle or the lock would be back, and keep others out, while its client, who was
    /// told that it is gone, does not come for it.
    /// </summary>
    public ValueTask<NtStatus> SettleAsync() => Options.Lease is { } lease ? SettleAsync(lease) : CommitAsync();

    /// <summary>Whether it serves this very store.</summary>
    public bool IsOn(IFileStore store) => ReferenceEquals(_store, store);

    /// <summary>Size, free space, label and serial number.</summary>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        Store.GetVolumeAsync(cancellationToken);

    /// <summary>
    /// Whether the store can remove a name, or a stream of it, asked before any client is told that it will be gone. A name that is gone
    /// already is no obstacle.
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

    /// <summary>Clients were told that a name, or a stream, is removed by its last close, but the store did not remove it.</summary>
    public void ReportRemovalFailed(string path, NtStatus status)
    {
        Options.Metrics?.RemovalFailed(status);
        ServerLog.RemovalFailed(Options.Logger, path, Options.Name, status.ToString());
    }

    /// <summary>What a client had written is not in the store: its close was answered with this, if there was anybody to answer.</summary>
    public void ReportLoss(string path, NtStatus status)
    {
        Options.Metrics?.CloseFailed(status);
        ServerLog.CloseFailed(Options.Logger, path, Options.Name, status.ToString());
    }

    /// <summary>The opens, as of now.</summary>
    public IReadOnlyList<FileOpen> GetOpens()
    {
        var opens = new List<FileOpen>();
        foreach (var file in OpenFiles.ToArray())
        {
            opens.AddRange(file.GetOpens());
        }

        return opens;
    }

    /// <summary>Where a handle is: the store may have more than this volume.</summary>
    internal StorePath PathOf(IStoreFile handle) => _part is null ? handle.Path : _part.PathOf(handle);

    /// <summary>What of the store there is here; <see langword="null"/>: all.</summary>
    internal Territory? Territory => _part?.Territory;

    /// <summary>Whether a path leads to what another server has.</summary>
    internal bool LeadsAcrossSeam(StorePath path) =>
        _part is not null && _part.Territory.TryFindSeam(path.Text, out _, out var length) && length < path.Text.Length;

    /// <summary>What clients are shown of an entry of a directory.</summary>
    internal FileMetadata ShowEntry(StorePath directory, string name, in FileMetadata metadata) =>
        _part is not null && _part.Territory.IsSeam(directory, name) ? SeamFolder.Show(metadata) : metadata;

    /// <summary>Whether two paths are the same to this store.</summary>
    internal bool SamePath(StorePath left, StorePath right) => string.Equals(left.Text, right.Text, NameComparison);

    /// <summary>The time of this volume's clock.</summary>
    internal FileTime Now() => FileTime.From(Options.Time.GetUtcNow());

    /// <summary>Counts an open in.</summary>
    internal void CountIn(FileOpen open)
    {
        Interlocked.Increment(ref _opens);
        open.Folder = Folders?.Enter(open.State.Path);
    }

    /// <summary>Counts an open out that was counted in.</summary>
    internal void CountOut(FileOpen open)
    {
        Interlocked.Decrement(ref _opens);
        open.Folder?.Leave();
    }

    /// <summary>What clients are asked to give up at this moment, and are not granted; <see langword="null"/>: nothing.</summary>
    internal CacheRecall? Recall => Volatile.Read(ref _recall);

    /// <summary>Begins a recall, unless there is one.</summary>
    internal bool TryRecall(CacheRecall recall) => Interlocked.CompareExchange(ref _recall, recall, null) is null;

    /// <summary>Ends a recall.</summary>
    internal void EndRecall(CacheRecall recall) => Interlocked.CompareExchange(ref _recall, null, recall);

    /// <summary>Tells listeners, and clients that cache the listing, of a change that <paramref name="by"/> made.</summary>
    internal ValueTask RaiseAsync(FileChange change, FileOpen by, Afterwards? later)
    {
        by.File.Whole.Caching.NoteOwn();
        return RaiseAsync(change, by.State.Lease?.ParentKey, later);
    }

    /// <summary>
    /// Tells listeners, and clients that cache the listing under a key other than <paramref name="spared"/>, of a change.
    /// </summary>
    internal ValueTask RaiseAsync(FileChange change, Guid? spared, Afterwards? later)
    {
        var told = LeasedDirectories.EntryChanged(change.Path, spared, later);
        OutsideChanges.Own(change);
        Watches.Publish(change);
        Changed?.Invoke(change);
        return told is null ? default : new ValueTask(told);
    }

    /// <summary>
    /// Tells listeners that <paramref name="by"/> moved a name: watchers of its directory hear of the old and the new name together; a move
    /// from one directory to another is a removal and an addition.
    /// </summary>
    internal async ValueTask RaiseRenamedAsync(
        StorePath source, StorePath target, ChangeFilter filter, FileOpen by, IReadOnlySet<DirectoryWatch>? seers, Afterwards? later)
    {
        by.File.Whole.Caching.NoteOwn();
        var toldOfOld = LeasedDirectories.EntryChanged(source, by.State.Lease?.ParentKey, later);
        var toldOfNew = LeasedDirectories.EntryChanged(target, by.State.Lease?.ParentKey, later);
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
    /// Tells listeners, and at once also clients that cache the listing, that the file of <paramref name="open"/> changed in a way that the
    /// listing shows (what SET_INFO sets, and an overwrite).
    /// </summary>
    /// <param name="open">The open that changed it.</param>
    /// <param name="filter">What changed; empty if it is not reported, such as setting the change time.</param>
    internal ValueTask RaiseModifiedAsync(FileOpen open, ChangeFilter filter)
    {
        var told = LeasedDirectories.EntryChanged(open.Path, open.State.Lease?.ParentKey);
        open.File.Times.Changed(open);
        RaiseModified(open, filter);
        return told is null ? default : new ValueTask(told);
    }

    /// <summary>
    /// Tells listeners that the file of <paramref name="open"/> was written to. Clients that cache the listing are told at the close, which
    /// is when NTFS shows it in the directory.
    /// </summary>
    internal void RaiseWritten(FileOpen open)
    {
        open.ChangedEntry = true;
        RaiseModified(open, ChangeFilter.LastWrite | ChangeFilter.Size);
    }

    /// <summary>Tells listeners, but not clients that cache the listing, that the file of <paramref name="open"/> changed.</summary>
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

    /// <summary>Tells listeners of a change to a stream, by the name under which it was opened.</summary>
    internal void RaiseStream(ChangeAction action, FileOpen open, ChangeFilter filter)
    {
        if (Watches.Count == 0 && Changed is null)
        {
            return;
        }

        var name = open.File.IsStream ? open.FullName : $"{open.FullName}::$DATA";
        var change = new FileChange(action, new StorePath(name), filter);
        Watches.Publish(change);
        Changed?.Invoke(change);
    }

    private async ValueTask<NtStatus> SettleAsync(OwnerLease lease)
    {
        while (true)
        {
            var status = await CommitAsync().ConfigureAwait(false);
            if (status != NtStatus.InsufficientResources || lease.HasRunOut || Fence.IsUp)
            {
                return status;
            }

            await Task.Delay(SettlePause, Options.Time).ConfigureAwait(false);
        }
    }
}
