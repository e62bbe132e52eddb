using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files;

/// <summary>
/// The single owner of everything about an open that may outlive its process. Such state is changed here, or, where another table holds it
/// (locks, caching, the deletion of a name), the change is reported here through <see cref="Changed"/>, so that a journal hears of it. Most
/// opens have no journal: for them all of this costs nothing.
/// </summary>
internal sealed class OpenState : IJournaledOpen
{
    private StorePath _path;
    private CreateOptions _options;
    private bool _deleteOnClose;
    private PinnedTimes _pinned;
    private LockSequences? _lockSequences;
    private volatile DurableFacts? _durable;
    private volatile IOpenJournal? _journal;
    private volatile bool _ended;
    private volatile bool _suspended;
    private volatile string? _movingTo;
    private volatile string? _movingToStream;
    private volatile CreatePlan? _plan;

    /// <summary>The open; set when it is made.</summary>
    public FileOpen Open { get; set; } = null!;

    /// <summary>The file (<see cref="FileMetadata.FileId"/>).</summary>
    public required ulong FileId { get; init; }

    /// <summary>The name by which it was opened, as of now.</summary>
    public required StorePath Path
    {
        get => _path;
        init => _path = value;
    }

    /// <summary>Whether it is a directory.</summary>
    public required bool IsDirectory { get; init; }

    /// <summary>The rights that the open has.</summary>
    public required FileAccessMask GrantedAccess { get; init; }

    /// <summary>What it lets other opens do.</summary>
    public required ShareAccess ShareAccess { get; init; }

    /// <summary>How it was opened.</summary>
    public required CreateOptions Options
    {
        get => _options;
        init => _options = value;
    }

    /// <summary>Who opened it.</summary>
    public required FileCaller Caller { get; init; }

    /// <summary>The client machine that opened it, which stays the same when a durable handle comes back in another session.</summary>
    public Guid ClientGuid { get; init; }

    /// <summary>The most that the share lets the caller do.</summary>
    public required FileAccessMask ShareMaximalAccess { get; init; }

    /// <summary>Whether its client speaks the POSIX extensions: it can delete and replace files that others have open.</summary>
    public bool IsPosix { get; init; }

    /// <summary>Whether a listing leaves out entries that the caller may not read.</summary>
    public bool HidesUnreadable { get; init; }

    /// <summary>The lease that it belongs to.</summary>
    public LeaseIdentity? Lease { get; init; }

    /// <summary>Whether closing it deletes the name (FILE_DELETE_ON_CLOSE).</summary>
    public bool DeleteOnClose
    {
        get => _deleteOnClose;
        init => _deleteOnClose = value;
    }

    /// <summary>FilePositionInformation. Every READ moves it, so a journal hears of it only when something else changes.</summary>
    public long Position { get; set; }

    /// <summary>The times that this open has set or frozen, and therefore no longer moves by itself (MS-FSA 2.1.1.6).</summary>
    public PinnedTimes Pinned
    {
        get => _pinned;
        init => _pinned = value;
    }

    /// <summary>The numbers of the LOCK requests that were carried out.</summary>
    public LockSequences LockSequences
    {
        get => LazyInitializer.EnsureInitialized(ref _lockSequences)!;
        init => _lockSequences = value;
    }

    /// <summary>What is known of it beyond its session; <see langword="null"/> for an open that only its session knows.</summary>
    public DurableFacts? Durable => _durable;

    /// <summary>Whether a journal keeps it.</summary>
    public bool IsKept => _journal is not null;

    /// <inheritdoc/>
    public ulong PersistentId => _durable!.PersistentId;

    /// <summary>
    /// Whether it goes on in the next process, or at the next owner of the share: its close here is not its end, and deletes nothing.
    /// </summary>
    public bool IsSuspended => _suspended || _journal is { HasEnded: true };

    /// <summary>
    /// The store is about to give it another name; <see langword="null"/>: it did not. Until <see cref="MoveTo"/> it has either.
    /// </summary>
    public void PlanMove(StorePath? path)
    {
        if (_journal is not null)
        {
            _movingTo = path?.Text;
            Changed();
        }
    }

    /// <summary>The same of the name of its stream, until <see cref="StreamMoved"/>.</summary>
    public void PlanStreamMove(string? name)
    {
        if (_journal is not null)
        {
            _movingToStream = name;
            Changed();
        }
    }

    /// <summary>The stream has another name.</summary>
    public void StreamMoved()
    {
        _movingToStream = null;
        Changed();
    }

    /// <summary>What its CREATE is about to do to the file; <see langword="null"/>: that is done.</summary>
    public void PlanCreate(CreatePlan? plan)
    {
        _plan = plan;
        Changed();
    }

    /// <summary>The same of a file that was just made, by an open that others cannot see yet.</summary>
    public void BeginPlanned(CreatePlan plan) => _plan = plan;

    /// <summary>Sets another name.</summary>
    public void MoveTo(StorePath path)
    {
        _path = path;
        _movingTo = null;
        Changed();
    }

    /// <summary>FileModeInformation.</summary>
    public void SetOptions(CreateOptions options)
    {
        _options = options;
        Changed();
    }

    /// <summary>Whether its close deletes the name.</summary>
    public void SetDeleteOnClose(bool delete)
    {
        _deleteOnClose = delete;
        Changed();
    }

    /// <summary>Sets which times no longer move by themselves.</summary>
    public void Pin(PinnedTimes pinned)
    {
        _pinned = pinned;
        Changed();
    }

    /// <summary>Sets what is known of it beyond its session.</summary>
    public void SetDurable(DurableFacts durable)
    {
        if (durable != _durable)
        {
            _durable = durable;
            Changed();
        }
    }

    /// <summary>From here on it may outlive its process. What is known of it beyond its session has been set.</summary>
    public void Keep(IOpenJournal journal)
    {
        var isNew = !IsKept;
        Resume(journal);
        if (isNew)
        {
            Changed();
        }
    }

    /// <summary>The same, for an open that the journal has as it is, or that is yet to be seen by others.</summary>
    public void Resume(IOpenJournal journal)
    {
        _journal = journal;
        if (Open.Grant is { } grant)
        {
            lock (Open.File.Sync)
            {
                grant.IsKept = true;
            }
        }
    }

    /// <summary>
    /// It is among the opens of its file. Called with the file's lock held: one that is kept already is recorded with all it has been granted.
    /// </summary>
    public void Entered()
    {
        if (_journal is { } journal)
        {
            Resume(journal);
            Changed();
        }
    }

    /// <summary>State of the open that another table holds has changed.</summary>
    public void Changed() => _journal?.Note(this);

    /// <summary>It goes on in the next process. The journal has ended (<see cref="IOpenJournal.EndAsync"/>).</summary>
    public void Suspend() => _suspended = true;

    /// <summary>It has ended, and nothing of it needs to be kept any longer.</summary>
    public void End()
    {
        _ended = true;
        Changed();
    }

    /// <summary>Completes when everything changed before is safe: no answer that depends on it leaves earlier.</summary>
    /// <returns>A failure of <see cref="IOpenJournal.CommitAsync"/>, which is answered instead.</returns>
    public ValueTask<NtStatus> CommitAsync() => _journal?.CommitAsync() ?? new(NtStatus.Success);

    /// <inheritdoc/>
    public IJournaledFile JournaledFile => Open.File;

    /// <inheritdoc/>
    public OpenRecord? Capture()
    {
        if (_ended || _durable is not { } durable)
        {
            return null;
        }

        var file = Open.File;
        var caching = Open.Grant?.Capture() ?? default;
        var (locks, numbers) = file.Locks?.Capture(Open, LockSequences) ?? ([], LockSequences.ToArray());
        return Describe(durable, file.StreamName, caching, _plan, Open.DeletesAtOnce, Open.IsDeletePending, locks, numbers);
    }

    /// <summary>The open of a file, or of a stream, that is about to be made.</summary>
    /// <param name="stream">The stream; <see langword="null"/> for the file itself.</param>
    /// <param name="caching">What it asks for.</param>
    /// <param name="plan">How it is made.</param>
    /// <param name="deletesAtOnce">Whether its close deletes the name, whatever other opens there are.</param>
    public OpenRecord Declare(string? stream, KeptCaching caching, CreatePlan plan, bool deletesAtOnce) =>
        Describe(durable: null!, stream, caching, plan, deletesAtOnce, isDeletePending: false, [], []);

    private OpenRecord Describe(
        DurableFacts durable, string? stream, KeptCaching caching, CreatePlan? plan, bool deletesAtOnce, bool isDeletePending,
        IReadOnlyList<LockRequest> locks, IReadOnlyList<byte> numbers) =>
        new()
        {
            FileId = FileId,
            Path = Path,
            MovingTo = _movingTo is { } moving ? new StorePath(moving) : null,
            Stream = stream,
            MovingToStream = _movingToStream,
            Plan = plan,
            IsDirectory = IsDirectory,
            GrantedAccess = GrantedAccess,
            ShareAccess = ShareAccess,
            Options = Options,
            Caller = Caller,
            ClientGuid = ClientGuid,
            ShareMaximalAccess = ShareMaximalAccess,
            IsPosix = IsPosix,
            HidesUnreadable = HidesUnreadable,
            DeleteOnClose = DeleteOnClose,
            DeletePending = isDeletePending,
            DeletesAtOnce = deletesAtOnce,
            Position = Position,
            Pinned = Pinned,
            Lease = Lease,
            Caching = caching.State,
            LeaseEpoch = caching.Epoch,
            BreakingTo = caching.BreakingTo,
            BreakingFor = caching.BreakingFor,
            Locks = locks,
            LockSequences = numbers,
            Durable = durable,
        };
}
