using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>One look after the bin: days that are over go, and then the oldest files until the others are not too many.</summary>
internal sealed class BinSweep(IFileStore store, BinPlace place)
{
    /// <summary>How many files of a day are put in order at a time.</summary>
    private const int Batch = 4096;

    /// <summary>Folders are this deep only when somebody else has made them.</summary>
    private const int Deepest = BinPlace.Deepest + 8;

    private long _left;

    /// <summary>How many files and folders could not be read or deleted.</summary>
    public int Failed { get; private set; }

    /// <summary>Deletes what the bin keeps no longer.</summary>
    /// <param name="oldest">The first day whose files are kept.</param>
    /// <param name="most">The most bytes; when there are more, a tenth of them becomes free.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The bytes of the files that are left.</returns>
    public async Task<long> RunAsync(DateOnly oldest, long most, CancellationToken cancellationToken)
    {
        var days = new SortedDictionary<DateOnly, long>();
        await foreach (var entry in ListAsync(place.Folder, cancellationToken).ConfigureAwait(false))
        {
            if (!entry.Metadata.IsDirectory || !BinPlace.TryParse(entry.Name, out var day))
            {
                continue; // somebody else's: it stays
            }

            if (day < oldest)
            {
                await EmptyAsync(place.Folder.Append(entry.Name), static _ => true, cancellationToken).ConfigureAwait(false);
                continue;
            }

            days[day] = await EmptyAsync(place.Folder.Append(entry.Name), static _ => false, cancellationToken).ConfigureAwait(false);
        }

        _left = days.Values.Sum();
        if (_left <= most)
        {
            return _left;
        }

        var enough = most - (most / 10);
        foreach (var (day, bytes) in days)
        {
            var folder = place.Folder.Append(BinPlace.NameOf(day));
            if (_left - bytes >= enough)
            {
                _left += await EmptyAsync(folder, static _ => true, cancellationToken).ConfigureAwait(false) - bytes;
            }
            else
            {
                await ThinAsync(folder, enough, cancellationToken).ConfigureAwait(false);
            }

            if (_left <= enough)
            {
                break;
            }
        }

        return _left;
    }

    /// <summary>Deletes the oldest files of a day until all of the bin is no more than <paramref name="enough"/>.</summary>
    private async Task ThinAsync(StorePath folder, long enough, CancellationToken cancellationToken)
    {
        while (_left > enough)
        {
            // Being moved here was the last change of a file; the file that changed last is the first to be left out.
            var oldest = new PriorityQueue<(StorePath Path, long Length), long>(Comparer<long>.Create(static (one, other) => other.CompareTo(one)));
            await EmptyAsync(
                folder,
                file =>
                {
                    oldest.Enqueue((file.Path, file.Length), file.Changed);
                    if (oldest.Count > Batch)
                    {
                        oldest.Dequeue();
                    }

                    return false;
                },
                cancellationToken).ConfigureAwait(false);
            var files = new Stack<(StorePath Path, long Length)>(oldest.Count);
            while (oldest.TryDequeue(out var file, out _))
            {
                files.Push(file);
            }

            var before = _left;
            while (_left > enough && files.TryPop(out var file))
            {
                if (await DeleteAsync(file.Path, cancellationToken).ConfigureAwait(false))
                {
                    _left -= file.Length;
                }
            }

            if (_left == before)
            {
                return;
            }
        }
    }

    /// <summary>Deletes those files of a folder that are named, and the folders in it that are empty then.</summary>
    /// <returns>The bytes of the files that are left.</returns>
    private async ValueTask<long> EmptyAsync(
        StorePath folder, Func<(StorePath Path, long Length, long Changed), bool> goes, CancellationToken cancellationToken, int depth = 0)
    {
        if (depth > Deepest)
        {
            Failed++;
            return 0;
        }

        var left = 0L;
        var files = 0;
        await foreach (var entry in ListAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            var path = folder.Append(entry.Name);
            if (entry.Metadata is { IsDirectory: true, ReparseTag: 0 })
            {
                left += await EmptyAsync(path, goes, cancellationToken, depth + 1).ConfigureAwait(false);
            }
            else if (!goes((path, entry.Metadata.Length, entry.Metadata.ChangeTime.Ticks))
                || !await DeleteAsync(path, cancellationToken).ConfigureAwait(false))
            {
                left += entry.Metadata.Length;
                files++;
            }
        }

        if (files == 0)
        {
            // It is no failure when it is not empty.
            _ = await store.DeleteAsync(folder, cancellationToken).ConfigureAwait(false);
        }

        return left;
    }

    private async ValueTask<bool> DeleteAsync(StorePath path, CancellationToken cancellationToken)
    {
        var status = await store.DeleteAsync(path, cancellationToken).ConfigureAwait(false);
        if (status is NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.ObjectPathNotFound)
        {
            return true;
        }

        Failed++;
        return false;
    }

    private IAsyncEnumerable<StoreEntry> ListAsync(StorePath folder, CancellationToken cancellationToken) =>
        FolderEntries.ListAsync(store, folder, _ => Failed++, cancellationToken);
}
