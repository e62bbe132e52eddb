using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose file can be kept compressed. Every handle of a store with <see cref="StoreAbilities.Compression"/> implements it. What
/// is compressed has <see cref="FileAttributes.Compressed"/> in its metadata; what is made in a compressed directory is compressed from
/// the start.
/// </summary>
public interface ICompressibleFile
{
    /// <summary>Sets whether the data, or for a directory what is created in it from now on, is compressed.</summary>
    /// <param name="compressed">Whether it is.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DISK_FULL, NOT_SUPPORTED for this file.</returns>
    ValueTask<NtStatus> SetCompressedAsync(bool compressed, CancellationToken cancellationToken);
}
