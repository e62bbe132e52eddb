using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Data;

/// <summary>Where the data of a file is kept.</summary>
internal static class ExtentQuery
{
    /// <summary>Finds the runs of clusters from one of them on (MS-FSA 2.1.5.10.15).</summary>
    /// <param name="open">The open.</param>
    /// <param name="first">The first cluster.</param>
    /// <param name="limit">How many runs are wanted; null: all are only counted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The runs, of which there may be one more than <paramref name="limit"/> to show that there are more; END_OF_FILE where there is nothing
    /// from that cluster on, as in a directory or a file that is kept in its own record.
    /// </returns>
    public static async ValueTask<NtResult<ClusterRuns>> FindClustersAsync(
        this FileOpen open, long first, int? limit, CancellationToken cancellationToken)
    {
        if (first < 0)
        {
            return NtStatus.InvalidParameter;
        }

        if (open.IsDirectory)
        {
            return NtStatus.EndOfFile;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Handle is not IExtentFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            // What occupies less than a cluster is kept in the file's record. All else has clusters for the whole of its length on NTFS, those of
            // holes included, which stores do not count.
            var unit = open.Volume.Store.Traits.AllocationUnit;
            var isResident = metadata.Value.AllocationSize < unit && (metadata.Value.Attributes & FileAttributes.SparseFile) == 0;
            var size = isResident ? 0 : Math.Max(metadata.Value.Length, metadata.Value.AllocationSize);
            var total = (size / unit) + (size % unit > 0 ? 1 : 0);
            if (first >= total)
            {
                return NtStatus.EndOfFile;
            }

            var runs = new ClusterRuns(unit, first, limit ?? 0);
            var offset = first * unit;
            while (offset < size && (limit is null || runs.Count <= limit))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var found = await file.FindExtentsAsync(offset, cancellationToken).ConfigureAwait(false);
                if (!found.Succeeded)
                {
                    return found.Status;
                }

                var next = offset;
                foreach (var extent in found.Value)
                {
                    if (extent.Length > 0 && extent.End > next)
                    {
                        runs.Add(extent, total);
                        next = extent.End;
                    }
                }

                if (next == offset)
                {
                    break;
                }

                offset = next;
            }

            if (limit is null || runs.Count <= limit)
            {
                runs.AddHole(total);
            }

            return runs;
        }
        finally
        {
            open.Exit();
        }
    }
}
