using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>
/// One look after the versions: times go as wholes, the oldest first, so that each that is still told has all that it had. Its name goes first: a view
/// that misses versions would show later ones in their place.
/// </summary>
internal sealed class VersionSweep(IFileStore store, VersionPlace place, VersionTimes times)
{
    private static readonly TimeSpan Abandoned = TimeSpan.FromDays(1);

    private int _failed;

    /// <summary>How many files and folders could not be read or deleted.</summary>
    public int Failed => _failed;

    /// <summary>Deletes what is kept no longer.</summary>
    /// <param name="now">The time.</param>
    /// <param name="oldest">The oldest time that is kept.</param>
    /// <param name="most">The most bytes; when there are more, a tenth of them becomes free.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The bytes that are left.</returns>
    public async Task<long> RunAsync(DateTimeOffset now, DateTimeOffset oldest, long most, CancellationToken cancellationToken)
    {
        await foreach (var entry in ListAsync(place.Unfinished, cancellationToken).ConfigureAwait(false))
        {
            // Another server of the same store may be at it.
            if (entry.Metadata.ChangeTime.Ticks < FileTime.From(now - Abandoned).Ticks)
            {
                await DeleteAsync(place.Unfinished.Append(entry.Name), cancellationToken).ConfigureAwait(false);
            }
        }

        _failed += await times.RemoveBeforeAsync(oldest, cancellationToken).ConfigureAwait(false);
        var lengths = new SortedDictionary<DateTimeOffset, long>();
        await WalkAsync(
            place.Files,
            (time, length) =>
            {
                lengths[time] = lengths.GetValueOrDefault(time) + (time < oldest ? 0 : length);
                return time < oldest;
            },
            cancellationToken).ConfigureAwait(false);
        var left = lengths.Values.Sum();
        if (left <= most)
        {
            return left;
        }

        var cut = oldest;
        foreach (var (time, length) in lengths)
        {
            cut = time.AddSeconds(1);
            left -= length;
            if (left <= most - (most / 10))
            {
                break;
            }
        }

        _failed += await times.RemoveBeforeAsync(cut, cancellationToken).ConfigureAwait(false);
        await WalkAsync(place.Files, (time, _) => time < cut, cancellationToken).ConfigureAwait(false);
        return left;
    }

    /// <summary>Deletes those versions that are named, and the folders that are empty then.</summary>
    private async ValueTask WalkAsync(
        StorePath folder, Func<DateTimeOffset, long, bool> goes, CancellationToken cancellationToken, int depth = 0)
    {
        if (depth > VersionPlace.Deepest + 1)
        {
            return; // nothing of this layer's is as deep
        }

        var isEmpty = depth > 0;
        await foreach (var entry in ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            var path = folder.Append(entry.Name);
            if (entry.Metadata is { IsDirectory: true, ReparseTag: 0 })
            {
                await WalkAsync(path, goes, cancellationToken, depth + 1).ConfigureAwait(false);
            }
            else if (!VersionPlace.TryParse(entry.Name, out var time) || !goes(time, entry.Metadata.Length)
                || !await DeleteAsync(path, cancellationToken).ConfigureAwait(false))
            {
                isEmpty = false;
            }
        }

        if (isEmpty)
        {
            // It is no failure when there are folders in it.
            _ = await store.DeleteAsync(folder, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask<bool> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = await store.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        var isGone = status is NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound;
        _failed += isGone ? 0 : 1;
        return isGone;
    }

    private IAsyncEnumerable<StoreEntry> ListAsync(StorePath folder, CancellationToken cancellationToken) =>
        FolderEntries.ListAsync(store, folder, _ => _failed++, cancellationToken);
}
