using Smb3.Embedded.Diagnostics;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Files.Notification;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// One open of a file or directory, with everything that NT's I/O manager keeps for it (MS-FSA section 2.1.1.6, Open; files_struct in
/// Samba). Every operation checks the rights that the open was granted. Its owner closes it, once.
/// </summary>
internal sealed partial class FileOpen
{
    private const int Closing = int.MinValue;

    private readonly IStoreFile _file;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DirectoryCursor? _cursor;
    private NameGate? _cursorGate;
    private TaskCompletionSource? _idle;
    private int _users;

    // Written since attributes were last set: the close sets FILE_ATTRIBUTE_ARCHIVE, as NTFS does.
    private volatile bool _needsArchive;
    private volatile bool _renamed;

    /// <summary>Takes over the store's handle.</summary>
    public FileOpen(FileObject file, OpenRecord record, IStoreFile handle)
    {
        File = file;
        Record = record;
        _file = handle;
        (handle as IOpenedFile)?.ForgetOpening();
    }

    /// <summary>The file, shared with its other opens.</summary>
    public FileObject File { get; }

    /// <summary>What a durable handle keeps of the open.</summary>
    public OpenRecord Record { get; }

    /// <summary>The volume.</summary>
    public Volume Volume => File.Volume;

    /// <summary>The name by which the file was opened, as of now.</summary>
    public StorePath Path => Link?.Path ?? Record.Path;

    /// <summary>The path with the name of the stream that is open, if it is a named one: <c>folder\file:stream</c>.</summary>
    public string FullName => File.StreamName is { } stream ? $"{Path.Text}:{stream}" : Path.Text;

    /// <summary>Whether it is a directory; a named stream of a directory is none.</summary>
    public bool IsDirectory => Record.IsDirectory;

    /// <summary>The rights that the open has.</summary>
    public FileAccessMask GrantedAccess => Record.GrantedAccess;

    /// <summary>What it lets other opens do.</summary>
    public ShareAccess ShareAccess => Record.ShareAccess;

    /// <summary>FILE_MODE_INFORMATION and the rest of the create options.</summary>
    public CreateOptions Options => Record.Options;

    /// <summary>Whether a close has begun.</summary>
    public bool IsClosing => Volatile.Read(ref _users) < 0;

    /// <summary>The oplock or lease that it has; set while the open is taken into its file's table, and kept after.</summary>
    public CacheGrant? Grant { get; internal set; }

    /// <summary>Whom it belongs to; <see langword="null"/>: to nobody who could go.</summary>
    internal IOpenHolder? Holder { get; set; }

    /// <summary>Whether it is about to be closed because its holder has gone.</summary>
    internal bool IsLeaving => Holder is { IsLeaving: true };

    /// <summary>Where breaks of <see cref="Grant"/> go.</summary>
    internal IBreakSink? BreakSink { get; set; }

    /// <summary>Where it stands among the opens of <see cref="Grant"/>.</summary>
    internal LinkedListNode<FileOpen>? GrantPlace { get; set; }

    /// <summary>What it keeps for who observes it; <see langword="null"/>: nobody does.</summary>
    internal ObservedOpen? Observation { get; init; }

    /// <summary>The name that was opened; set while the open is in its file's table, and kept after.</summary>
    internal FileLink? Link { get; set; }

    /// <summary>Where the open stands with the time of what it wrote. Belongs to <see cref="ShownTimes"/>.</summary>
    internal WriteTimeState WriteTime { get; set; }

    /// <summary>
    /// Whether its close removes a delete-pending name even when other opens are left (FILE_DISPOSITION_POSIX_SEMANTICS).
    /// </summary>
    internal bool DeletesAtOnce { get; set; }

    /// <summary>Whether its close changes what the listing of the directory says of the file.</summary>
    internal bool ChangedEntry { get; set; }

    /// <summary>The store's handle.</summary>
    internal IStoreFile Handle => _file;

    private NameGate CursorGate => LazyInitializer.EnsureInitialized(ref _cursorGate, static () => new NameGate(StringComparer.Ordinal))!;

    /// <summary>Whether the open has at least one of <paramref name="rights"/>.</summary>
    public bool HasAny(FileAccessMask rights) => (GrantedAccess & rights) != 0;

    /// <summary>
    /// Ends the open: what runs on it finishes first, what waits for a lock ends, a name that is to be deleted and has no other open
    /// goes, and the store's handle is closed.
    /// </summary>
    /// <param name="query">Whether the caller wants the file's metadata as of the close.</param>
    /// <param name="cancellationToken">Ends the query, not the close.</param>
    /// <returns>The metadata, all zero when not asked for or not to be had; FILE_CLOSED when the open was closed before.</returns>
    public async ValueTask<NtResult<FileMetadata>> CloseAsync(bool query = false, CancellationToken cancellationToken = default)
    {
        var users = Interlocked.Or(ref _users, Closing);
        if (users < 0)
        {
            return NtStatus.FileClosed;
        }

        File.Locks?.EndWaiting(this);
        EndWatch(forget: users == 0);
        if (users > 0)
        {
            await _drained.Task.ConfigureAwait(false);
            EndWatch(forget: true);
        }

        // A write that was still under way has ended: nobody meets it under a lock of his own.
        File.Locks?.Release(this);
        File.EndOffloads(this);

        FileMetadata metadata = default;
        try
        {
            var change = File.Times.Close(this, Volume.Now());
            if (_needsArchive || !change.IsEmpty)
            {
                Volume.OutsideChanges.Own(new FileChange(ChangeAction.Modified, Path, ChangeFilter.Attributes));
            }

            if (_needsArchive)
            {
                await ArchiveAsync(CancellationToken.None).ConfigureAwait(false);
            }

            if (!change.IsEmpty && !Link!.Removed
                && await _file.SetMetadataAsync(change, CancellationToken.None).ConfigureAwait(false) is var set && set != NtStatus.Success)
            {
                ServerLog.CloseIncomplete(Volume.Options.Logger, FullName, Volume.Options.Name, set.ToString());
            }

            File.Whole.Caching.NoteOwn();

            // NTFS tells of the archive attribute that a rename set only now.
            if (_renamed && Link is { Removed: false, DeletePending: false })
            {
                Volume.RaiseModified(this, ChangeFilter.Attributes);
            }

            if (ChangedEntry)
            {
                await (Volume.LeasedDirectories.EntryChanged(Path, Record.Lease?.ParentKey) ?? Task.CompletedTask).ConfigureAwait(false);
            }

            if (query && await ShowMetadataAsync(cancellationToken).ConfigureAwait(false) is { Succeeded: true, Value: var shown })
            {
                metadata = shown;
            }
        }
        finally
        {
            await LeaveAsync().ConfigureAwait(false);
        }

        return metadata;
    }

    /// <summary>
    /// Completes when what runs on the open now has ended. Who takes it up over a new connection begins after it, or a write that the old
    /// connection had brought would come after newer ones.
    /// </summary>
    public async ValueTask WhenIdleAsync()
    {
        // Said first and looked at second, while who ends does it the other way round: one of both sees the other.
        var idle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        idle = Interlocked.CompareExchange(ref _idle, idle, null) ?? idle;
        if ((Interlocked.Or(ref _users, 0) & ~Closing) != 0)
        {
            await idle.Task.ConfigureAwait(false);
        }

        Interlocked.CompareExchange(ref _idle, null, idle);
    }

    /// <summary>Keeps a close from going on while an operation runs.</summary>
    private bool TryEnter()
    {
        if (Interlocked.Increment(ref _users) > 0)
        {
            return true;
        }

        Exit();
        return false;
    }

    private void Exit()
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

    private async ValueTask LeaveAsync()
    {
        try
        {
            // The name and the table change together for whoever looks the name up meanwhile.
            while (File.BeginClose(this) != DeletionDue.None)
            {
                var path = Path;
                using var turn = await Volume.Gate.EnterAsync(path, CancellationToken.None).ConfigureAwait(false);
                if (path != Path)
                {
                    continue; // a rename came between
                }

                await DeleteNameAsync(path).ConfigureAwait(false);
                break;
            }
        }
        finally
        {
            File.Remove(this);
            if (Grant?.WhenSent() is { } sent)
            {
                await sent.ConfigureAwait(false);
            }

            Volume.Dereference(File);
            Volume.CountOpen(-1);
            try
            {
                if (_cursor is { } cursor)
                {
                    await cursor.DisposeAsync().ConfigureAwait(false);
                }
            }
            finally
            {
                await _file.DisposeAsync().ConfigureAwait(false);
                Observation?.Close();
            }
        }
    }

    private async ValueTask DeleteNameAsync(StorePath path)
    {
        // Somebody may have opened or undone it while this one waited.
        switch (File.BeginClose(this))
        {
            case DeletionDue.None:
                return;
            case DeletionDue.Stream:
                await DeleteStreamAsync().ConfigureAwait(false);
                return;
        }

        var seers = await Volume.Watches.FindSeersAsync(path).ConfigureAwait(false);
        var status = NtStatus.UnexpectedIoError;
        try
        {
            status = await Volume.Store.DeleteAsync(path, CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            // A local program may have been quicker.
            var isGone = status is NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound;
            File.Whole.EndDelete(Link!, isGone);
            if (!isGone)
            {
                Volume.ReportRemovalFailed(path.Text, status);
            }
        }

        if (status == NtStatus.Success)
        {
            if (Observation is { } observation)
            {
                observation.Deleted = true;
            }

            Volume.Tunnel.Remember(path);
            var filter = File.Whole.IsDirectory ? ChangeFilter.DirectoryName : ChangeFilter.FileName;

            // The name goes by two hands, who deletes it and who closes it last: the lease on the directory knows of both or is broken.
            var spared = Record.Lease?.ParentKey is { } parent && parent == Link!.DeleterParentKey ? (Guid?)parent : null;
            await Volume.RaiseAsync(new FileChange(ChangeAction.Removed, path, filter, seers), spared).ConfigureAwait(false);
        }
    }
}
