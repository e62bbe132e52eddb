using Smb3.Embedded.Storage.Layers;
using Smb3.Embedded.Storage.Layers.Limits;
using Smb3.Embedded.Storage.Layers.Recycling;
using Smb3.Embedded.Storage.Layers.Versioning;

namespace Smb3.Embedded.Storage;

/// <summary>Stores that hold only so much.</summary>
public static class QuotaStoreExtensions
{
    /// <summary>
    /// A store on <paramref name="store"/> whose files and streams have at most <paramref name="bytes"/> together, whoever owns them. What would be
    /// more is refused with STATUS_DISK_FULL before anything of it is written, and clients see size and free space of the volume accordingly.
    /// </summary>
    /// <remarks>
    /// As on NTFS the length of the data counts, holes included; a file counts once, however many names it has, and until its last handle is
    /// closed when it is deleted. Folders, attributes, and snapshots of the store below do not count. What is there is counted when the store is
    /// first used; changes wait for that. What other programs change below shows with the next start.
    /// </remarks>
    /// <param name="store">The store below. It is ended with the one that is returned, when that is disposed.</param>
    /// <param name="bytes">The most bytes, more than 0. What is there already may be more: then nothing can be added until enough is gone.</param>
    /// <returns>The store to share.</returns>
    /// <exception cref="ArgumentException">The store has a recycle bin or versions: the quota goes below them.</exception>
    public static IFileStore WithQuota(this IFileStore store, long bytes)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        for (var below = store; below is LayeredStore layer; below = layer.Below)
        {
            if (below is RecyclingStore)
            {
                throw new ArgumentException(
                    "The store has a recycle bin, whose files would count for nothing; give it its quota first: store.WithQuota(bytes).WithRecycleBin().",
                    nameof(store));
            }

            if (below is VersioningStore)
            {
                throw new ArgumentException(
                    "The store has versions, which would count for nothing; give it its quota first: store.WithQuota(bytes).WithVersions().",
                    nameof(store));
            }
        }

        return LimitedStore.On(store, bytes);
    }
}
