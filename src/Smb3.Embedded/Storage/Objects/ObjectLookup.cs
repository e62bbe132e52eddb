using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Objects;

/// <summary>What a path leads to: a key as it is spelled, and what is known of it, by the store or by those who have it open.</summary>
internal readonly record struct Found(string Key, ObjectState State, string? Version, ObjectNode? Node = null)
{
    public bool IsFolder => ObjectKeys.IsFolder(Key);
}

/// <summary>Finds what paths lead to: as they are written first, which the store can tell at once, then by the names of folders.</summary>
internal sealed class ObjectLookup(ObjectFileStore store, FolderNames names)
{
    /// <summary>What is at a path; OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, OBJECT_NAME_INVALID.</summary>
    public async ValueTask<NtResult<Found>> FindAsync(StorePath path, CancellationToken cancellationToken)
    {
        if (path.IsRoot)
        {
            return await FolderAsync(string.Empty, cancellationToken).ConfigureAwait(false);
        }

        if (ObjectKeys.OfFile(path, store.Options.MaxKeyBytes) is not { } key)
        {
            return NtStatus.ObjectNameInvalid;
        }

        var exact = await AtAsync(key, cancellationToken).ConfigureAwait(false);
        if (exact.Status != NtStatus.ObjectNameNotFound)
        {
            return exact;
        }

        var parent = await FindFolderAsync(path.Parent, cancellationToken).ConfigureAwait(false);
        if (!parent.Succeeded)
        {
            return parent.Status;
        }

        return await InAsync(parent.Value, ObjectKeys.NameOf(key), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The key of a folder that something is to be in, or OBJECT_PATH_NOT_FOUND.</summary>
    public async ValueTask<NtResult<string>> FindFolderAsync(StorePath path, CancellationToken cancellationToken)
    {
        var found = await FindAsync(path, cancellationToken).ConfigureAwait(false);
        return found.Succeeded
            ? found.Value.IsFolder ? found.Value.Key : NtStatus.ObjectPathNotFound
            : found.Status == NtStatus.ObjectNameNotFound ? NtStatus.ObjectPathNotFound : found.Status;
    }

    /// <summary>What has a name in a folder, however it is spelled there.</summary>
    public async ValueTask<NtResult<Found>> InAsync(string folder, string name, CancellationToken cancellationToken)
    {
        var exact = await AtAsync(folder + name, cancellationToken).ConfigureAwait(false);
        if (exact.Status != NtStatus.ObjectNameNotFound || store.Options.CaseSensitive)
        {
            return exact;
        }

        var other = await names.FindAsync(folder, name, cancellationToken).ConfigureAwait(false);
        return !other.Succeeded ? other.Status
            : other.Value is { } spelled && spelled != name ? await AtAsync(folder + spelled, cancellationToken).ConfigureAwait(false)
            : NtStatus.ObjectNameNotFound;
    }

    /// <summary>The file that has a key, or the folder.</summary>
    private async ValueTask<NtResult<Found>> AtAsync(string key, CancellationToken cancellationToken)
    {
        if (store.Nodes.Find(key) is { } open)
        {
            return new Found(key, open.State, null, open);
        }

        var file = await store.FindObjectAsync(key, cancellationToken).ConfigureAwait(false);
        return !file.Succeeded ? file.Status
            : file.Value is { } entry ? new Found(key, ObjectState.Of(entry, store.KeepsProperties), entry.Version)
            : await FolderAsync(key + '/', cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<NtResult<Found>> FolderAsync(string key, CancellationToken cancellationToken)
    {
        if (store.Nodes.Find(key) is { } open)
        {
            return new Found(key, open.State, null, open);
        }

        if (key.Length > 0)
        {
            var marker = await store.FindObjectAsync(key, cancellationToken).ConfigureAwait(false);
            if (!marker.Succeeded)
            {
                return marker.Status;
            }

            if (marker.Value is { } entry)
            {
                return new Found(key, ObjectState.Of(entry, store.KeepsProperties), entry.Version);
            }

            var below = await store.ListObjectsAsync(new(key, string.Empty, Folders: true, 1) { KeysOnly = true }, cancellationToken).ConfigureAwait(false);
            if (!below.Succeeded || below.Value.Count == 0)
            {
                return below.Succeeded ? NtStatus.ObjectNameNotFound : below.Status;
            }
        }

        return new Found(key, ObjectState.OfFolder(key), null);
    }
}
