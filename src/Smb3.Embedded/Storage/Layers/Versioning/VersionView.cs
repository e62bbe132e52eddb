using System.Runtime.CompilerServices;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>
/// What a store held at a time. A file is its oldest version from then on; without one it has not changed since, if its times agree: what has changed
/// without a version is not there, rather than something that it was not. Folders are there as they are, or as the folders of their versions are.
/// </summary>
internal sealed class VersionView(VersioningStore store, IFileStore below, DateTimeOffset time) : IFileStore
{
    /// <inheritdoc/>
    public StoreTraits Traits { get; } = below.Traits with { Abilities = below.Traits.Abilities & ~(StoreAbilities.Snapshots | StoreAbilities.Quotas) };

    /// <inheritdoc/>
    public async ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        if (store.IsClosed(path))
        {
            return store.Place.AreSame(path, store.Place.Folder) ? NtStatus.ObjectNameNotFound : NtStatus.ObjectPathNotFound;
        }

        var version = await OpenVersionAsync(path, path, access, cancellationToken).ConfigureAwait(false);
        if (version.Status != NtStatus.ObjectNameNotFound)
        {
            return version;
        }

        var use = store.Keeper.Uses.Open(path, writes: false);
        var isKept = false;
        try
        {
            var changes = use.Changes;
            var opened = await below.OpenAsync(path, access, cancellationToken).ConfigureAwait(false);
            if (opened.Succeeded)
            {
                var shown = await ShowAsync(path, access, opened.Value, use, changes, cancellationToken).ConfigureAwait(false);
                isKept = shown is { Succeeded: true, Value: UnchangedFile };
                return shown;
            }

            return opened.Status is NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound
                ? await OpenGoneFolderAsync(path, access, cancellationToken).ConfigureAwait(false) : opened;
        }
        finally
        {
            if (!isKept)
            {
                store.Keeper.Uses.Close(use, writes: false);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken) =>
        new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken) => new(NtStatus.MediaWriteProtected);

    /// <inheritdoc/>
    public ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => below.GetVolumeAsync(cancellationToken);

    /// <summary>A use of a file that has not changed ends.</summary>
    public void Close(FileUse use) => store.Keeper.Uses.Close(use, writes: false);

    /// <summary>Opens the version of a file.</summary>
    /// <param name="path">Where its history is.</param>
    /// <param name="name">The path that it is opened by.</param>
    /// <param name="access">What for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A handle; OBJECT_NAME_NOT_FOUND when there is none.</returns>
    public async ValueTask<NtResult<IStoreFile>> OpenVersionAsync(
        StorePath path, StorePath name, StoreAccess access, CancellationToken cancellationToken)
    {
        var found = path.IsRoot ? default(NtResult<Past>) : await FindAsync(path, cancellationToken).ConfigureAwait(false);
        if (path.IsRoot || found is { Succeeded: true, Value.Version: null })
        {
            return NtStatus.ObjectNameNotFound;
        }

        if (!found.Succeeded)
        {
            return found.Status;
        }

        var opened = await below.OpenAsync(
            store.Place.HistoryOf(path).Append(found.Value.Version!.Value.Name), access, cancellationToken).ConfigureAwait(false);
        return opened.Succeeded ? new PastFile(this, opened.Value, name) : opened;
    }

    /// <summary>Lists a folder as it was. What was not there is told as null: whoever reads can stop there, and go on later.</summary>
    public async IAsyncEnumerable<NtResult<StoreEntry>?> ListAsync(StorePath folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var failed = NtStatus.Success;
        await foreach (var entry in FolderEntries.ListAsync(below, folder, status => failed = status, cancellationToken).ConfigureAwait(false))
        {
            var path = folder.Append(entry.Name);
            if (store.IsClosed(path))
            {
                continue;
            }

            var past = await FindAsync(path, cancellationToken).ConfigureAwait(false);
            if (!past.Succeeded)
            {
                failed = past.Status;
            }
            else if (past.Value.Version is { } version)
            {
                yield return entry with { Metadata = version.Metadata };
            }
            else if (entry.Metadata.IsDirectory ? past.Value.IsFolder || IsOlder(entry.Metadata.CreationTime) : VersionKeeper.IsOlder(entry.Metadata, time))
            {
                yield return entry;
            }
            else
            {
                yield return null;
            }
        }

        await foreach (var entry in FolderEntries.ListAsync(
            below, store.Place.HistoryOf(folder), status => failed = status, cancellationToken).ConfigureAwait(false))
        {
            var path = folder.Append(entry.Name);
            if (!entry.Metadata.IsDirectory || await IsThereAsync(path, cancellationToken).ConfigureAwait(false))
            {
                yield return null;
                continue;
            }

            var past = await FindAsync(path, cancellationToken).ConfigureAwait(false);
            if (!past.Succeeded)
            {
                failed = past.Status;
            }
            else if (past.Value.Version is { } version)
            {
                yield return new StoreEntry(entry.Name, version.Metadata);
            }
            else if (past.Value.IsFolder && IsOlder(entry.Metadata.CreationTime))
            {
                yield return entry;
            }
            else
            {
                yield return null;
            }
        }

        if (failed != NtStatus.Success)
        {
            yield return failed;
        }
    }

    private bool IsOlder(FileTime created) => created.Ticks < FileTime.From(time).Ticks;

    private async ValueTask<NtResult<IStoreFile>> ShowAsync(
        StorePath path, StoreAccess access, IStoreFile handle, FileUse use, int changes, CancellationToken cancellationToken)
    {
        var place = VersionKeeper.PathOf(handle);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (metadata.Succeeded && !store.IsClosed(place))
        {
            if (metadata.Value.IsDirectory)
            {
                var wasThere = path.IsRoot || IsOlder(metadata.Value.CreationTime)
                    || await FindAsync(path, cancellationToken).ConfigureAwait(false) is { Succeeded: true, Value.IsFolder: true };
                if (wasThere)
                {
                    return new PastFolder(this, handle, handle.Path, place);
                }
            }
            else if (!store.Place.AreSame(place, path) && await OpenVersionAsync(place, handle.Path, access, cancellationToken)
                .ConfigureAwait(false) is var linked && linked.Status != NtStatus.ObjectNameNotFound)
            {
                await handle.DisposeAsync().ConfigureAwait(false);
                return linked;
            }
            else if (VersionKeeper.IsOlder(metadata.Value, time))
            {
                return new UnchangedFile(this, handle, use, changes);
            }
        }

        await handle.DisposeAsync().ConfigureAwait(false);
        return metadata.Succeeded ? NtStatus.ObjectNameNotFound : metadata.Status;
    }

    private async ValueTask<NtResult<IStoreFile>> OpenGoneFolderAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken)
    {
        var past = await FindAsync(path, cancellationToken).ConfigureAwait(false);
        var opened = past is { Succeeded: true, Value.IsFolder: true }
            ? await below.OpenAsync(store.Place.HistoryOf(path), access, cancellationToken).ConfigureAwait(false) : NtStatus.ObjectNameNotFound;
        if (opened.Succeeded)
        {
            var metadata = await opened.Value.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (metadata.Succeeded && IsOlder(metadata.Value.CreationTime))
            {
                return new PastFolder(this, opened.Value, path, path);
            }

            await opened.Value.DisposeAsync().ConfigureAwait(false);
        }

        var parent = await OpenAsync(path.Parent, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (parent.Succeeded)
        {
            await parent.Value.DisposeAsync().ConfigureAwait(false);
        }

        return parent is { Succeeded: true, Value: PastFolder } ? NtStatus.ObjectNameNotFound : NtStatus.ObjectPathNotFound;
    }

    /// <summary>What is kept of a path.</summary>
    private async ValueTask<NtResult<Past>> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        var failed = NtStatus.Success;
        (DateTimeOffset Time, StoreEntry Entry)? oldest = null;
        var (isAny, isFile) = (false, false);
        await foreach (var entry in FolderEntries.ListAsync(
            below, store.Place.HistoryOf(path), status => failed = status, cancellationToken).ConfigureAwait(false))
        {
            isAny = true;
            if (VersionPlace.TryParse(entry.Name, out var kept) && !entry.Metadata.IsDirectory)
            {
                isFile = true;
                oldest = kept >= time && !(oldest?.Time <= kept) ? (kept, entry) : oldest;
            }
        }

        return failed == NtStatus.Success ? new Past(oldest?.Entry, isAny && !isFile) : failed;
    }

    private async ValueTask<bool> IsThereAsync(StorePath path, CancellationToken cancellationToken)
    {
        var opened = await below.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (opened.Succeeded)
        {
            await opened.Value.DisposeAsync().ConfigureAwait(false);
        }

        return opened.Succeeded;
    }

    /// <param name="Version">The version of a file.</param>
    /// <param name="IsFolder">Whether only things in it have versions.</param>
    private readonly record struct Past(StoreEntry? Version, bool IsFolder);
}
