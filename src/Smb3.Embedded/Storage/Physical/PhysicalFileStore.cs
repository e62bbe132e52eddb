using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux;
using Smb3.Embedded.Storage.Physical.Options;
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
/// With <see cref="PhysicalFileStoreOptions.Quotas"/>, on Linux, it has quotas: what owners use is counted in the background when the store is
/// opened and follows what is changed through this store; limits are kept in <c>.smb3-streams/quotas.json</c>.
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
    : IFileStore, IPlacedStore, IChangeSource, IOutsideUseSource, ISnapshotStore, IQuotaStore, IDisposable
{
    private readonly IFileStore _store;
    private readonly PhysicalFileStoreOptions _options;
    private readonly SnapshotFolder<PhysicalFileStore>? _snapshots;

    /// <summary>Opens a folder.</summary>
    /// <param name="folder">The folder; it must exist.</param>
    /// <param name="options">How the folder is treated; <see langword="null"/>: the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the folder.</exception>
    /// <exception cref="IOException">The folder cannot be opened for another reason.</exception>
    public PhysicalFileStore(string folder, PhysicalFileStoreOptions? options = null)
        : this(Checked(folder), Checked(options ?? new PhysicalFileStoreOptions()), static (folder, options) =>
            options.Backend != PhysicalBackend.Portable && LinuxFileStore.IsSupported
                ? new LinuxFileStore(folder, options)
                : new PortableFileStore(folder, options))
    {
    }

    private PhysicalFileStore(string folder, PhysicalFileStoreOptions options, Func<string, PhysicalFileStoreOptions, IFileStore> open)
    {
        Folder = folder;
        _options = options;
        _store = open(folder, options);
        Traits = _store.Traits;
        if (options.Snapshots is { } snapshots)
        {
            var ofSnapshots = options with { ReadOnly = true, Snapshots = null, Quotas = false };
            _snapshots = new SnapshotFolder<PhysicalFileStore>(snapshots, snapshot => new PhysicalFileStore(snapshot, ofSnapshots));
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
    public QuotaState QuotaState => Quotas?.QuotaState ?? QuotaState.Complete;

    private IQuotaStore? Quotas => (_store as LinuxFileStore)?.Quotas;

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaSettings>> GetQuotaSettingsAsync(CancellationToken cancellationToken) =>
        Quotas?.GetQuotaSettingsAsync(cancellationToken) ?? new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken) =>
        Quotas?.SetQuotaSettingsAsync(settings, cancellationToken) ?? new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtResult<IReadOnlyList<QuotaEntry>>> ListQuotasAsync(CancellationToken cancellationToken) =>
        Quotas?.ListQuotasAsync(cancellationToken) ?? new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtResult<QuotaEntry>> GetQuotaAsync(Sid owner, CancellationToken cancellationToken) =>
        Quotas?.GetQuotaAsync(owner, cancellationToken) ?? new(NtStatus.NotSupported);

    /// <inheritdoc/>
    public ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken) =>
        Quotas?.SetQuotaAsync(owner, limits, cancellationToken) ?? new(NtStatus.NotSupported);

    /// <summary>
    /// Counts anew what each owner of files uses, as after another program has changed the folder. Clients go on meanwhile, under the limits.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait, not the count.</param>
    /// <returns>Completes when it is counted; see <see cref="QuotaState"/>. At once where nobody counts.</returns>
    public Task RecountQuotasAsync(CancellationToken cancellationToken = default) =>
        (_store as LinuxFileStore)?.RecountQuotasAsync().WaitAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public StorePlace CheckPlace() => ((IPlacedStore)_store).CheckPlace();

    /// <inheritdoc/>
    public IFileStore OpenAgain() => new PhysicalFileStore(Folder, _options, (_, _) => ((IPlacedStore)_store).OpenAgain());

    /// <inheritdoc/>
    public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed)
    {
        ArgumentNullException.ThrowIfNull(changed);
        return ((IChangeSource)_store).Watch(directory, tree, changed);
    }

    /// <inheritdoc/>
    public IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used) =>
        (_store as IOutsideUseSource)?.Guard(file, holdsBack, used);

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

    private static string Checked(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return Path.GetFullPath(folder);
    }

    private static PhysicalFileStoreOptions Checked(PhysicalFileStoreOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxFileLength, nameof(PhysicalFileStoreOptions.MaxFileLength));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxRememberedNames, nameof(PhysicalFileStoreOptions.MaxRememberedNames));
        ArgumentOutOfRangeException.ThrowIfLessThan(
            options.QuotaRecountInterval, TimeSpan.FromSeconds(1), nameof(PhysicalFileStoreOptions.QuotaRecountInterval));
        if (options.Label?.Length > PhysicalFileStoreOptions.MaxLabel)
        {
            throw new ArgumentException("Label must have at most 32 characters.", nameof(options));
        }

        if (options.Snapshots is not { } snapshots)
        {
            return options;
        }

        ArgumentException.ThrowIfNullOrEmpty(snapshots.Folder, nameof(PhysicalSnapshotOptions.Folder));
        return options with { Snapshots = snapshots with { Folder = Path.GetFullPath(snapshots.Folder) } };
    }
}
