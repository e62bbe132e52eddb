using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Guards;
using Smb3.Embedded.Storage.Physical.Linux.Handles;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;
using Smb3.Embedded.Storage.Physical.Linux.Lookup;
using Smb3.Embedded.Storage.Physical.Linux.Names;
using Smb3.Embedded.Storage.Physical.Linux.Volume;
using Smb3.Embedded.Storage.Physical.Linux.Watching;

namespace Smb3.Embedded.Storage.Physical.Linux;

/// <summary>
/// A Linux folder, accessed by handle beneath its open root. See <see cref="PhysicalFileStore"/> for what it guarantees. Whatever has to
/// wait for the disk does so on the thread pool.
/// </summary>
internal sealed class LinuxFileStore : IFileStore, IPlacedStore, IChangeSource, IOutsideUseSource, IDisposable
{
    private readonly string _folder;
    private readonly LinuxVolume _volume;
    private readonly FileOpening _opening;
    private readonly FileCreation _creation;
    private readonly FileRename _rename;
    private readonly FileLinking _linking;
    private readonly FileRemoval _removal;
    private readonly DirectoryWatches _watches;
    private readonly OutsideGuards _guards;

    /// <param name="folder">The folder.</param>
    /// <param name="options">How the folder is treated.</param>
    public LinuxFileStore(string folder, PhysicalFileStoreOptions options)
        : this(folder, options, before: null)
    {
    }

    private LinuxFileStore(string folder, PhysicalFileStoreOptions options, LinuxRoot? before)
    {
        _folder = folder;
        _volume = new LinuxVolume(folder, options, before);
        var directories = new InodeLocks();
        _opening = new FileOpening(_volume);
        _creation = new FileCreation(_volume, directories);
        _rename = new FileRename(_volume, directories);
        _linking = new FileLinking(_volume, directories);
        _removal = new FileRemoval(_volume, directories);
        var shortages = new Shortages(options.Logger);
        _watches = new DirectoryWatches(_volume.Tree, shortages);
        _guards = new OutsideGuards(_volume.Leases, shortages);
    }

    /// <summary>Whether this machine has what the store needs.</summary>
    public static bool IsSupported => Native.IsSupported && Directory.Exists("/proc/self/fd");

    /// <inheritdoc/>
    public StoreTraits Traits => _volume.Traits;

    private LinuxRoot Root => _volume.Root;

    /// <summary>What each owner uses and may use; null when nobody counts.</summary>
    public IQuotaStore? Quotas => _volume.Quotas;

    /// <summary>Counts again what each owner uses.</summary>
    public Task RecountQuotasAsync() => _volume.Quotas?.RecountAsync() ?? Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _volume.Dispose();

    /// <inheritdoc/>
    public StorePlace CheckPlace() => Root.Check();

    /// <inheritdoc/>
    public IFileStore OpenAgain() => new LinuxFileStore(_folder, _volume.Options, Root);

    /// <inheritdoc/>
    public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) => _watches.Watch(directory, tree, changed);

    /// <inheritdoc/>
    public IOutsideGuard? Guard(IStoreFile file, bool holdsBack, Action<OutsideUse> used) =>
        file is LinuxFile { IsRegularFile: true } opened ? _guards.Guard(opened.Descriptor, holdsBack, used) : null;

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        var opened = _opening.Open(path, access, quick: true);
        return opened.Status != NtStatus.Pending ? new(HandOut(opened)) : OpenLaterAsync(path, access);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        var made = _creation.Create(path, parameters, quick: true);
        return made.Status != NtStatus.Pending ? new(HandOut(made)) : CreateLaterAsync(path, parameters);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken)
    {
        var status = Rename(from, to, replace, quick: true);
        return status != NtStatus.Pending ? new(status) : RenameLaterAsync(from, to, replace);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(Task.Run(() => Link(existing, link, replace), CancellationToken.None));

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = Delete(path, quick: true);
        return status != NtStatus.Pending ? new(status) : DeleteLaterAsync(path);
    }

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = CanDelete(path, quick: true);
        return status != NtStatus.Pending ? new(status) : CanDeleteLaterAsync(path);
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return new(error.ToStatus());
        }

        try
        {
            return new(_volume.InformationOf(Root.Descriptor));
        }
        finally
        {
            Root.Leave();
        }
    }

    /// <summary>A handle holds the root until it is closed.</summary>
    private NtResult<IStoreFile> HandOut(NtResult<IStoreFile> opened)
    {
        if (opened.Succeeded)
        {
            ((LinuxHandle)opened.Value).HoldsRoot = true;
        }
        else
        {
            Root.Leave();
        }

        return opened;
    }

    private ValueTask<NtResult<IStoreFile>> OpenLaterAsync(StorePath path, StoreAccess access) =>
        new(Task.Run(() => HandOut(_opening.Open(path, access, quick: false))));

    private ValueTask<NtResult<IStoreFile>> CreateLaterAsync(StorePath path, NewFile parameters) =>
        new(Task.Run(() => HandOut(_creation.Create(path, parameters, quick: false))));

    private ValueTask<NtStatus> RenameLaterAsync(StorePath from, StorePath to, bool replace) =>
        new(Task.Run(() => Rename(from, to, replace, quick: false)));

    private ValueTask<NtStatus> DeleteLaterAsync(StorePath path) => new(Task.Run(() => Delete(path, quick: false)));

    private ValueTask<NtStatus> CanDeleteLaterAsync(StorePath path) => new(Task.Run(() => CanDelete(path, quick: false)));

    private NtStatus Rename(StorePath from, StorePath to, bool replace, bool quick)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _rename.Rename(from, to, replace, quick);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtStatus Link(StorePath existing, StorePath link, bool replace)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _linking.Link(existing, link, replace);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtStatus Delete(StorePath path, bool quick)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _removal.Delete(path, quick);
        }
        finally
        {
            Root.Leave();
        }
    }

    private NtStatus CanDelete(StorePath path, bool quick)
    {
        var error = Root.Enter();
        if (error != 0)
        {
            return error.ToStatus();
        }

        try
        {
            return _removal.CanDelete(path, quick);
        }
        finally
        {
            Root.Leave();
        }
    }
}
