using System.Buffers;
using Smb3.Embedded.Storage.Layers;
using Smb3.Embedded.Storage.Layers.Recycling;
using Smb3.Embedded.Storage.Layers.Versioning;

namespace Smb3.Embedded.Storage;

/// <summary>Stores that keep previous versions of files.</summary>
public static class VersionStoreExtensions
{
    private const int MostTimes = 4096;

    private static readonly SearchValues<char> NoName = SearchValues.Create("\\/:*?\"<>|");

    /// <summary>
    /// A store on <paramref name="store"/> that keeps what files held before they were changed, replaced or deleted: clients see it as previous versions,
    /// one for each hour in which something has changed.
    /// </summary>
    /// <remarks>
    /// Before the first change of a file in an interval its data is kept in a hidden folder of the store that no client reaches, by sharing blocks where the
    /// store can, else as a copy. A version has the security descriptor and the attributes that the file had. When it cannot be kept, because the
    /// medium is full for example, the change goes on and the health check tells. Not kept are streams and extended attributes, reparse points, what
    /// other programs change below, and what is more than 64 folders deep.
    /// </remarks>
    /// <param name="store">The store below. It is ended with the one that is returned, when that is disposed.</param>
    /// <param name="options">How often, how long and how much; <see langword="null"/>: the defaults.</param>
    /// <returns>The store to share, which has <see cref="StoreAbilities.Snapshots"/>.</returns>
    /// <exception cref="ArgumentException">The store can only be read, or has a recycle bin: the bin goes above the versions.</exception>
    public static IFileStore WithVersions(this IFileStore store, VersionOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new VersionOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Interval, TimeSpan.FromMinutes(1), nameof(VersionOptions.Interval));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Interval, TimeSpan.FromDays(1), nameof(VersionOptions.Interval));
        ArgumentOutOfRangeException.ThrowIfNotEqual(options.Interval.Ticks % TimeSpan.TicksPerSecond, 0, nameof(VersionOptions.Interval));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeepFor, options.Interval, nameof(VersionOptions.KeepFor));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.KeepFor, options.Interval * MostTimes, nameof(VersionOptions.KeepFor));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxBytes ?? 1, nameof(VersionOptions.MaxBytes));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxFileLength, nameof(VersionOptions.MaxFileLength));
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Folder, nameof(VersionOptions.Folder));
        if (options.Folder.AsSpan().ContainsAny(NoName))
        {
            throw new ArgumentException($"'{options.Folder}' cannot be the folder of versions: it is one name in the root of the store.", nameof(options));
        }

        if (store.Traits.Has(StoreAbilities.ReadOnly))
        {
            throw new ArgumentException("The store can only be read, so that there is nothing to keep: store.WithVersions().ReadOnly().", nameof(store));
        }

        for (var below = store; below is LayeredStore layer; below = layer.Below)
        {
            if (below is RecyclingStore)
            {
                throw new ArgumentException(
                    "The store has a recycle bin, past which deleted files would go; lay it on the versions: store.WithVersions().WithRecycleBin().",
                    nameof(store));
            }
        }

        return VersioningStore.On(store, options);
    }
}
