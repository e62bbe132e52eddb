using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose data can have holes: ranges that occupy no space and read as zeros. Every handle with data of a store with
/// <see cref="StoreAbilities.SparseFiles"/> implements it, a stream's too. What is sparse has
/// <see cref="FileAttributes.SparseFile"/> in its metadata.
/// </summary>
public interface ISparseFile
{
    /// <summary>Makes the data sparse, or ordinary again: then its holes may get their space back.</summary>
    /// <param name="sparse">Whether holes are wanted.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DISK_FULL.</returns>
    ValueTask<NtStatus> SetSparseAsync(bool sparse, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a range read as zeros. The length of the file stays. Sparse data gives back the space of whole units of the range; other
    /// data keeps its space.
    /// </summary>
    /// <param name="offset">Bytes from the start, not negative.</param>
    /// <param name="length">How many bytes, at least 1; the range ends inside the file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DISK_FULL.</returns>
    ValueTask<NtStatus> ZeroAsync(long offset, long length, CancellationToken cancellationToken);

    /// <summary>
    /// Nobody needs the contents of a range any more: from now on it may read as zeros or as before, and its space may be released. A hint.
    /// </summary>
    /// <param name="offset">Bytes from the start, not negative.</param>
    /// <param name="length">How many bytes, at least 1; the range ends inside the file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> TrimAsync(long offset, long length, CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <summary>Finds the first range at or after <paramref name="offset"/> that occupies space. Only asked of sparse data.</summary>
    /// <param name="offset">Bytes from the start, not negative.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The range from <paramref name="offset"/> or its own start on, as long as it is at least (an adjacent one may be told later);
    /// length 0: nothing follows.
    /// </returns>
    ValueTask<NtResult<StoreRange>> FindAllocatedAsync(long offset, CancellationToken cancellationToken);
}

/// <summary>A range of a file's data.</summary>
/// <param name="Offset">Bytes from the start.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct StoreRange(long Offset, long Length)
{
    /// <summary>The first byte after the range.</summary>
    public long End => Offset + Length;
}
