using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose data has places on the volume, and tells them. Every handle with data of a store with <see cref="StoreAbilities.Extents"/>
/// implements it, a stream's too.
/// </summary>
public interface IExtentFile
{
    /// <summary>Finds where data is kept. What is asked for next begins where the last extent ended.</summary>
    /// <param name="offset">Bytes from the start, not negative.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The extent that <paramref name="offset"/> is in, as a whole, and extents behind it, or only those, in their order, as many as the store
    /// likes to tell at once; none: nothing follows. What is kept together with the file's metadata has no extent.
    /// </returns>
    ValueTask<NtResult<IReadOnlyList<StoreExtent>>> FindExtentsAsync(long offset, CancellationToken cancellationToken);
}

/// <summary>A range of a file's data that is kept in one piece.</summary>
/// <param name="Offset">Bytes from the start of the data.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Place">
/// Bytes from the start of the volume. Files that share data have the same place there. Negative: there is space for the range, but it is not
/// known where.
/// </param>
public readonly record struct StoreExtent(long Offset, long Length, long Place)
{
    /// <summary>The first byte after the range.</summary>
    public long End => Offset + Length;
}
