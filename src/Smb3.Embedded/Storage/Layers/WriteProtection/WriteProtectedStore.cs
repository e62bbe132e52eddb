using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.WriteProtection;

/// <summary>
/// A store of which nothing can be changed. The server asks for no change of a store with <see cref="StoreAbilities.ReadOnly"/>; whoever does is
/// refused here, by handles too.
/// </summary>
internal class WriteProtectedStore : LayeredStore
{
    private WriteProtectedStore(IFileStore inner)
        : base(inner) =>
        Traits = inner.Traits with { Abilities = inner.Traits.Abilities | StoreAbilities.ReadOnly, LastAccess = LastAccessUpdates.Off };

    /// <inheritdoc/>
    public override StoreTraits Traits { get; }

    /// <summary>Protects <paramref name="inner"/>.</summary>
    public static IFileStore On(IFileStore inner) =>
        inner is IChangeSource ? new Watched(inner) : new WriteProtectedStore(inner);

    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        access == StoreAccess.ReadWrite ? new(NtStatus.MediaWriteProtected) : base.OpenAsync(path, access, cancellationToken);

    /// <inheritdoc/>
    public override ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetQuotaSettingsAsync(QuotaSettings settings, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public override ValueTask<NtStatus> SetQuotaAsync(Sid owner, QuotaLimits? limits, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    protected override IFileStore Over(IFileStore inner) => On(inner);

    /// <inheritdoc/>
    protected override ValueTask<NtResult<IStoreFile>> CoverAsync(IStoreFile handle, CancellationToken cancellationToken) =>
        new(new WriteProtectedFile(this, handle));

    private sealed class Watched(IFileStore inner) : WriteProtectedStore(inner), IChangeSource
    {
        public IDisposable? Watch(StorePath directory, bool tree, Action<StoreChange?> changed) => WatchBelow(directory, tree, changed);
    }
}
