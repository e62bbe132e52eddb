using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>A store whose data, that of streams included, another store keeps encrypted. All else is kept there as it is.</summary>
internal class EncryptedStore : LayeredStore
{
    private readonly ConditionalWeakTable<IFileStore, IFileStore> _snapshots = [];
    private long _unreadable;

    private EncryptedStore(IFileStore inner, FileKeyring keys)
        : base(inner)
    {
        Keys = keys;
        Traits = inner.Traits with
        {
            Abilities = inner.Traits.Abilities & ~(StoreAbilities.BlockCloning | StoreAbilities.Compression),
            MaxFileLength = Math.Max(0, EncryptedLayout.Floor(inner.Traits.MaxFileLength) - EncryptedLayout.HeaderLength - XtsAes.BlockLength),
        };
    }

    /// <inheritdoc/>
    public override StoreTraits Traits { get; }

    /// <inheritdoc/>
    public override string? Problem => base.Problem ?? (Interlocked.Read(ref _unreadable) == 0 ? null
        : "Files could not be read because they were not encrypted with a key that this store has, or their headers were changed: give it the former keys, "
            + "or put files that were in the folder before there anew, through the share.");

    /// <summary>The keys.</summary>
    public FileKeyring Keys { get; }

    /// <summary>The files that are open.</summary>
    public SharedFiles Files { get; } = new();

    /// <summary>Encrypts what <paramref name="inner"/> gets.</summary>
    public static IFileStore On(IFileStore inner, FileKeyring keys) =>
        inner is IChangeSource ? new Watched(inner, keys) : new EncryptedStore(inner, keys);

    /// <summary>A file cannot be read, which an administrator should know.</summary>
    public void CountUnreadable() => Interlocked.Increment(ref _unreadable);

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var opened = await Inner.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? await CoverAsync(opened.Value, access, cancellationToken).ConfigureAwait(false) : opened;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken)
    {
        var size = EncryptedLayout.OuterLengthOf(Math.Clamp(parameters.AllocationSize, 0, Traits.MaxFileLength));
        var made = await Inner.CreateAsync(path, parameters with { AllocationSize = size }, cancellationToken).ConfigureAwait(false);
        return made.Succeeded ? await CoverAsync(made.Value, StoreAccess.ReadWrite, cancellationToken).ConfigureAwait(false) : made;
    }

    /// <inheritdoc/>
    public override async ValueTask<NtResult<IFileStore>> OpenSnapshotAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        var opened = await base.OpenSnapshotAsync(time, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? new NtResult<IFileStore>(_snapshots.GetValue(opened.Value, snapshot => On(snapshot, Keys))) : opened;
    }

    /// <inheritdoc/>
    protected override IFileStore Over(IFileStore inner) => On(inner, Keys);

    private async ValueTask<NtResult<IStoreFile>> CoverAsync(IStoreFile handle, StoreAccess access, CancellationToken cancellationToken)
    {
        var isCovered = false;
        try
        {
            var metadata = handle is IOpenedFile { MetadataAsOpened: { } known }
                ? known : await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            isCovered = metadata.Succeeded;
            return metadata.Succeeded ? new EncryptedFile(this, handle, Files.Open(metadata.Value.FileId), access) : metadata.Status;
        }
        finally
        {
            if (!isCovered)
            {
                await handle.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private sealed class Watched(IFileStore inner, FileKeyring keys) : EncryptedStore(inner, keys), IChangeSource
    {
        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) => WatchBelow(directory, tree, changed);
    }
}
