using Smb3.Embedded.Files.Locking;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Data;

/// <summary>Sparse data: holes, zeroing, allocated ranges, trim.</summary>
internal static class SparseOperations
{
    /// <summary>Makes the data sparse or ordinary (MS-FSA 2.1.5.10.38).</summary>
    public static async ValueTask<NtStatus> SetSparseAsync(this FileOpen open, bool sparse, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Data is not ISparseFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            var status = await file.SetSparseAsync(sparse, cancellationToken).ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await open.Volume.RaiseModifiedAsync(open, ChangeFilter.Attributes).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>Makes a range read as zeros (MS-FSA 2.1.5.10.40); anything beyond the end of the file is ignored.</summary>
    public static async ValueTask<NtStatus> ZeroAsync(this FileOpen open, long offset, long end, CancellationToken cancellationToken)
    {
        if (open.Data is not ISparseFile)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (offset < 0 || end < offset)
        {
            return NtStatus.InvalidParameter;
        }

        NtStatus began;
        int turn;
        while ((began = open.TryBeginWrite(new ByteRange((ulong)offset, (ulong)(end - offset)), out turn)) == NtStatus.Pending)
        {
            await open.WhenResumedAsync().ConfigureAwait(false);
        }

        if (began != NtStatus.Success)
        {
            return began;
        }

        try
        {
            if (open.Data is not ISparseFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            end = Math.Min(end, metadata.Value.Length);
            if (offset >= end)
            {
                return NtStatus.Success;
            }

            open.File.Caching.BreakReads(open);
            open.File.Times.BeforeWrite(open);
            open.File.NoteChange(offset, end - offset);
            var status = await file.ZeroAsync(offset, end - offset, cancellationToken).ConfigureAwait(false);
            return await open.AfterWriteAsync(status, end - offset).ConfigureAwait(false);
        }
        finally
        {
            open.EndWrite(turn);
        }
    }

    /// <summary>Finds what occupies space in a range (MS-FSA 2.1.5.10.22): with ordinary data, all of it.</summary>
    /// <param name="open">The open.</param>
    /// <param name="offset">Bytes from the start.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="limit">How many ranges are wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>At most one range more than <paramref name="limit"/>, to show that there are more; or INVALID_PARAMETER.</returns>
    public static async ValueTask<NtResult<List<StoreRange>>> FindAllocatedAsync(
        this FileOpen open, long offset, long length, int limit, CancellationToken cancellationToken)
    {
        if (offset < 0 || length < 0 || offset > long.MaxValue - length)
        {
            return NtStatus.InvalidParameter;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var ranges = new List<StoreRange>();
            var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            var end = Math.Min(offset + length, metadata.Value.Length);
            if (offset >= end)
            {
                return ranges;
            }

            if (open.Data is not ISparseFile file || (metadata.Value.Attributes & FileAttributes.SparseFile) == 0)
            {
                ranges.Add(new StoreRange(offset, end - offset));
                return ranges;
            }

            while (offset < end && ranges.Count <= limit)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var found = await file.FindAllocatedAsync(offset, cancellationToken).ConfigureAwait(false);
                if (!found.Succeeded)
                {
                    return found.Status;
                }

                var range = found.Value;
                if (range.Length <= 0 || range.Offset >= end)
                {
                    break;
                }

                offset = Math.Min(range.End, end);
                if (ranges.Count > 0 && ranges[^1].End == range.Offset)
                {
                    ranges[^1] = ranges[^1] with { Length = offset - ranges[^1].Offset };
                }
                else
                {
                    ranges.Add(new StoreRange(range.Offset, offset - range.Offset));
                }
            }

            return ranges;
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>Has the space that the data gives back overwritten from now on (MS-FSA 2.1.5.10.40).</summary>
    public static async ValueTask<NtStatus> SetZeroOnDeallocationAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Handle is not IErasingFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            return await file.SetZeroOnDeallocationAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>The contents of a range are no longer needed (MS-FSA 2.1.5.10.6).</summary>
    public static async ValueTask<NtStatus> TrimAsync(this FileOpen open, long offset, long length, CancellationToken cancellationToken)
    {
        NtStatus began;
        int turn;
        while ((began = open.TryBeginWrite(new ByteRange((ulong)offset, (ulong)length), out turn)) == NtStatus.Pending)
        {
            await open.WhenResumedAsync().ConfigureAwait(false);
        }

        if (began != NtStatus.Success)
        {
            return began;
        }

        try
        {
            if (open.Data is not ISparseFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
            if (!metadata.Succeeded)
            {
                return metadata.Status;
            }

            length = Math.Min(length, metadata.Value.Length - offset);
            if (length <= 0)
            {
                return NtStatus.Success;
            }

            open.File.Caching.BreakReads(open);
            open.File.NoteChange(offset, length);
            var status = await file.TrimAsync(offset, length, cancellationToken).ConfigureAwait(false);
            open.File.Caching.BreakReads(open);
            return await open.AfterTelling(status).ConfigureAwait(false);
        }
        finally
        {
            open.EndWrite(turn);
        }
    }
}
