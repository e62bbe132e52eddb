using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Caching;
using Smb3.Embedded.Files.Observation;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Creating;

/// <summary>Everything that one CREATE asks for (MS-FSA 2.1.5.1). Nothing in it has been checked yet.</summary>
internal sealed record CreateParameters
{
    /// <summary>The path as the client sent it, relative to the root of the store, names separated by a backslash.</summary>
    public required string Path { get; init; }

    /// <summary>The time of the snapshot to open the file in; <see langword="null"/>: the file as it is now.</summary>
    public FileTime? AsOf { get; init; }

    /// <summary>The caller.</summary>
    public required FileCaller Caller { get; init; }

    /// <summary>The client machine of the caller.</summary>
    public Guid ClientGuid { get; init; }

    /// <summary>The most that the share lets the caller do (MS-SMB2 3.3.1.6, TreeConnect.MaximalAccess).</summary>
    public FileAccessMask ShareMaximalAccess { get; init; } = FileAccessMask.FileAllAccess;

    /// <summary>Whether listings leave out entries that the caller may not read (access-based enumeration).</summary>
    public bool HidesUnreadable { get; init; }

    /// <summary>The rights that are asked for, including generic ones and MAXIMUM_ALLOWED.</summary>
    public FileAccessMask DesiredAccess { get; init; }

    /// <summary>What it lets other opens do.</summary>
    public ShareAccess ShareAccess { get; init; }

    /// <summary>What happens when the file exists and when it does not.</summary>
    public CreateDisposition Disposition { get; init; }

    /// <summary>How the file is opened.</summary>
    public CreateOptions Options { get; init; }

    /// <summary>
    /// Whether the client speaks the POSIX extensions: the path is a POSIX one, and the handle deletes and renames with POSIX semantics.
    /// </summary>
    public bool IsPosix { get; init; }

    /// <summary>Whether the client is a Mac that has found a server for Macs: see <see cref="FileOpen.IsMac"/>.</summary>
    public bool IsMac { get; init; }

    /// <summary>Permission bits of a new file; <see langword="null"/>: the store's usual ones.</summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>Attributes of a new or overwritten file.</summary>
    public FileAttributes Attributes { get; init; }

    /// <summary>Bytes to set aside for a new or overwritten file.</summary>
    public long AllocationSize { get; init; }

    /// <summary>Self-relative security descriptor for a new file; empty: the one inherited from the parent directory.</summary>
    public ReadOnlyMemory<byte> SecurityDescriptor { get; init; }

    /// <summary>Extended attributes of a new or overwritten file, unchecked.</summary>
    public IReadOnlyList<ExtendedAttribute> ExtendedAttributes { get; init; } = [];

    /// <summary>The caching that is asked for; <see langword="null"/>: none.</summary>
    public CachingRequest? Caching { get; init; }

    /// <summary>
    /// Whether the client can be told that a file is kept for another one that is away (FILE_NOT_AVAILABLE, SMB 3): it tries again then.
    /// </summary>
    public bool KnowsAwaited { get; init; }

    /// <summary>Records what is about to be made or overwritten, if the open is to outlive the process; otherwise <see langword="null"/>.</summary>
    public CreateIntent? Intent { get; init; }

    /// <summary>The observer to ask before the file is opened or made; <see langword="null"/> if there is none.</summary>
    public IFileObserver? Observer { get; init; }

    /// <summary>
    /// What takes the breaks of leases on the directory of a new file behind the answer; <see langword="null"/>: they leave at once.
    /// </summary>
    public Afterwards? Later { get; init; }

    /// <summary>
    /// Called once, before the create begins to wait for another client to give up what it caches; its token ends the wait.
    /// </summary>
    public Func<CancellationToken>? OnWait { get; init; }
}
