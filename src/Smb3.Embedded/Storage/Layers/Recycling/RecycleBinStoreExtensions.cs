using System.Buffers;
using Smb3.Embedded.Storage.Layers.Recycling;

namespace Smb3.Embedded.Storage;

/// <summary>Stores that keep what was deleted for some time.</summary>
public static class RecycleBinStoreExtensions
{
    private static readonly SearchValues<char> NoName = SearchValues.Create("\\/:*?\"<>|");

    /// <summary>
    /// A store on <paramref name="store"/> in which files that are deleted, or replaced by another, move to a folder of the root: to
    /// <c>.recycle\2030-01-31\docs\report.txt</c>, for example. From there they can be read, moved back, and deleted for good.
    /// </summary>
    /// <remarks>
    /// The folders of the bin have the security descriptors of those that the files were in, and files keep theirs, so that nobody sees there what
    /// he could not see before. Nothing is written in the bin by clients. What is deleted without being asked about is not kept: the former contents of
    /// a file that is overwritten, folders, streams, reparse points, a name of a file that has others, what is more than 64 folders deep. When the
    /// medium has no room to keep a file, it is deleted for good.
    /// </remarks>
    /// <param name="store">The store below. It is ended with the one that is returned, when that is disposed.</param>
    /// <param name="options">Where, how long and how much; <see langword="null"/>: the defaults.</param>
    /// <returns>The store to share.</returns>
    public static IFileStore WithRecycleBin(this IFileStore store, RecycleBinOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(store);
        options ??= new RecycleBinOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KeepFor, TimeSpan.FromDays(1), nameof(RecycleBinOptions.KeepFor));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxBytes ?? 1, nameof(RecycleBinOptions.MaxBytes));
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Folder, nameof(RecycleBinOptions.Folder));
        if (options.Folder.AsSpan().ContainsAny(NoName))
        {
            throw new ArgumentException($"'{options.Folder}' cannot be the folder of a recycle bin: it is one name in the root of the store.", nameof(options));
        }

        return RecyclingStore.On(store, options);
    }
}
