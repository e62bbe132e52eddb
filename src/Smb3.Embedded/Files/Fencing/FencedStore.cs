using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Fencing;

/// <summary>
/// A store that works as long as its fence is down; after that it cuts the store off, and results of pending calls are dropped.
/// </summary>
internal sealed class FencedStore(IFileStore store, StoreFence fence) : IFileStore
{
    private const NtStatus Gone = NtStatus.NetworkNameDeleted;

    /// <inheritdoc/>
    public StoreTraits Traits { get; } = store.Traits;

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : TellAsync(store.OpenAsync(path, access, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : TellAsync(store.CreateAsync(path, parameters, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : store.RenameAsync(from, to, replace, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : store.LinkAsync(existing, link, replace, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : store.DeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : store.CanDeleteAsync(path, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) =>
        fence.IsUp ? new(Gone) : store.GetVolumeAsync(cancellationToken);

    /// <summary>Anything that was opened while the fence went up is abandoned at once.</summary>
    private ValueTask<NtResult<IStoreFile>> TellAsync(ValueTask<NtResult<IStoreFile>> asked)
    {
        if (asked.IsCompletedSuccessfully)
        {
            var opened = asked.Result;
            return fence.IsUp ? new(Gone) : new(opened);
        }

        return TellLaterAsync(asked);
    }

    private async ValueTask<NtResult<IStoreFile>> TellLaterAsync(ValueTask<NtResult<IStoreFile>> asked)
    {
        var opened = await asked.ConfigureAwait(false);
        return fence.IsUp ? Gone : opened;
    }
}
