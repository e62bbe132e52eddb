using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux;
using Smb3.Embedded.Storage.Physical.Linux.Leases;
using Smb3.Embedded.Storage.Physical.Linux.Watching;
using Smb3.Embedded.Storage.Physical.Portable;
using Smb3.Embedded.Storage.Physical.Snapshots;

namespace Smb3.Embedded.Storage.Physical;

/// <summary>Serves a folder of the local machine.</summary>
/// <remarks>
/// <para>
/// Nothing outside the folder can be reached. On 64-bit Linux (x86, Arm) every look-up starts at the open root and is resolved beneath it
/// by the kernel: a symbolic link is followed while its target stays beneath the root, and is otherwise left out of listings and refused
/// with ACCESS_DENIED; FIFOs, sockets and devices are neither listed nor opened. Elsewhere, and on kernels before 5.6, no link or reparse
/// point is followed at all. On systems other than Linux, which have no look-ups by handle, a local process that may change the folder and
/// swaps a directory for a link at the right moment can lead a look-up astray; share only folders that other local users cannot write to.
/// </para>
/// <para>
/// On Linux, DOS attributes, the creation time and an explicitly set change time are kept in the extended attribute <c>user.smb3.dos</c>,
/// security descriptors in <c>user.smb3.sd</c>, small named streams in <c>user.smb3.stream.NAME</c>, and larger ones in the folder's hidden
/// directory <c>.smb3-streams</c>, which no client can reach. The clients' own extended attributes are <c>user.NAME</c>. On a file system
/// without extended attributes none of this is available, and no such ability is claimed. The file id is the inode's number. A flush makes
/// data and metadata durable, and for a file that the handle created, its name too.
/// </para>
/// <para>
/// The folder is whatever is at its path. It may be mounted, unmounted or swapped while it is served (<see cref="IPlacedStore"/>); on Linux
/// nothing in it is held open unless a client has a handle, so it can be unmounted. Where something was mounted, the bare mount point is
/// not served in its place.
/// </para>
/// <para>
/// On Linux, a disk name that Windows cannot have shows with private-use characters, as cifs.ko and macOS write them: U+F020–U+F027 for
/// <c>" * : &lt; &gt; ? \ |</c>, U+F001–U+F01F for control characters, U+F028 and U+F029 for a trailing space and dot, U+F080–U+F0FF for
/// bytes that are not UTF-8; a client that writes these gets the disk name. Elsewhere such names are left out.
/// </para>
/// </remarks>
public sealed class PhysicalFileStore
    : IFileStore, IPlacedStore, IChangeSource, IOutsideUseSource, ISnapshotStore, IDisposable
{
    private readonly IFileStore _store;
    private readonly PhysicalFileStoreOptions _options;
    private readonly SnapshotFolder? _snapshots;
    private readonly DirectoryWatches? _watches;
    private readonly OutsideGuards? _guards;

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder; it must exist.</param>
    /// <param name="options">How the folder is treated; <see langword="null"/>: the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the folder.</exception>
    /// <exception cref="IOException">The folder cannot be opened for another reason.</exception>
    public PhysicalFileStore(string folder, PhysicalFileStoreOptions? options = null)
        : this(folder, options ?? new PhysicalFileStoreOptions(), before: null)
    {
    }

    private PhysicalFileStore(string folder, PhysicalFileStoreOptions options, PhysicalFileStore? before)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxFileLength, nameof(PhysicalFileStoreOptions.MaxFileLength));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxRememberedNames, nameof(PhysicalFileStoreOptions.MaxRememberedNames));
        if (options.Label?.Length > 32)
        {
            throw new ArgumentException("Label must have at most 32 characters.", nameof(options));
        }

        Folder = Path.GetFullPath(folder);
        var byHandle = options.Backend != PhysicalBackend.Portable && Native.IsSupported && Directory.Exists("/proc/self/fd");
        _options = options;
        _store = byHandle
            ? new LinuxFileStore(Folder, options, before?._store as LinuxFileStore)
            : new PortableFileStore(Folder, options);
        if (_store is LinuxFileStore linux)
        {
            var shortages = new Shortages(options.Logger);
            _watches = new DirectoryWatches(linux.Tree, shortages);
            _guards = new OutsideGuards(linux, shortages);
        }

        Traits = _store.Traits;
        if (options.Snapshots is { } snapshots)
        {
            ArgumentException.ThrowIfNullOrEmpty(snapshots.Folder, nameof(PhysicalSnapshotOptions.Folder));
            _snapshots = new SnapshotFolder(snapshots with { Folder = Path.GetFullPath(snapshots.Folder) }, options);
            Traits = Traits with { Abilities = Traits.Abilities | StoreAbilities.Snapshots };
        }
    }

    /// <summary>The folder, as a full path.</summary>
    public string Folder { get; }

    /// <inheritdoc/>
    public StoreTraits Traits { get; }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        _store.OpenAsync(path, access, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        _store.CreateAsync(path, parameters, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        _store.RenameAsync(from, to, replace, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        _store.LinkAsync(existing, link, replace, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        _store.DeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        _store.CanDeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        _store.GetVolumeAsync(cancellationToken);

    /// <inheritdoc/>
    public StorePlace CheckPlace() => _store switch
    {
        LinuxFileStore linux => linux.Root.Check(),
        PortableFileStore portable => portable.CheckPlace(),
        _ => StorePlace.Same,
    };

    /// <inheritdoc/>
    public IFileStore OpenAgain() => new PhysicalFileStore(Folder, _options, this);

    /// <inheritdoc/>
    public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed)
    {
        ArgumentNullException.ThrowIfNull(changed);
        return _watches is not null
            ? _watches.Watch(directory, tree, changed)
            : FolderWatch.Start(Path.Join(Folder, directory.Text.Replace('\\', Path.DirectorySeparatorChar)), directory, tree, changed);
    }

    /// <inheritdoc/>
    public IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used) => _guards?.Guard(file, holdsBack, used);

    /// <inheritdoc/>
    public async ValueTask<NtResult<IReadOnlyList<DateTimeOffset>>> ListSnapshotsAsync(CancellationToken cancellationToken) =>
        _snapshots is null
            ? NtStatus.NotSupported
            : new NtResult<IReadOnlyList<DateTimeOffset>>(await Task.Run(_snapshots.List, cancellationToken).ConfigureAwait(false));

    /// <inheritdoc/>
    public async ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken) =>
        _snapshots is null ? NtStatus.NotSupported : await Task.Run(() => _snapshots.Open(time), cancellationToken).ConfigureAwait(false);

    /// <summary>Closes the root and the snapshots. Handles that are open keep working.</summary>
    public void Dispose()
    {
        _snapshots?.Dispose();
        (_store as IDisposable)?.Dispose();
    }

    /// <summary>The label of a folder.</summary>
    internal static string MakeLabel(string folder, PhysicalFileStoreOptions options)
    {
        var label = options.Label ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        return label.Length <= 32 ? label : label[..32];
    }
}
