using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle that can copy data from another handle of its store without the server reading it. Optional for any handle: the server
/// copies through a buffer where it is not implemented, and where it answers NOT_SUPPORTED.
/// </summary>
public interface ICopyTarget
{
    /// <summary>Copies a range, which lies inside the source, to this file; the file grows as needed.</summary>
    /// <param name="source">A handle of the same store, perhaps on the same file: opened for reading.</param>
    /// <param name="sourceOffset">Bytes from the start of the source.</param>
    /// <param name="targetOffset">Bytes from the start of this file.</param>
    /// <param name="length">
    /// How many bytes. Source and target may overlap within one file: the target then ends up with the former contents of the source.
    /// </param>
    /// <param name="cancellationToken">Ends the wait; a part may have been copied then.</param>
    /// <returns>Success; NOT_SUPPORTED when it cannot do this one; or as <see cref="IStoreFile.WriteAsync"/>.</returns>
    ValueTask<NtStatus> CopyFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken);
}

/// <summary>
/// A handle whose data can share its space with that of another file until one of them is written (block cloning, reflinks). Every
/// handle with data of a store with <see cref="StoreAbilities.BlockCloning"/> implements it.
/// </summary>
public interface ICloneTarget
{
    /// <summary>Gives a range of this file the data of a range of <paramref name="source"/>.</summary>
    /// <param name="source">A handle of the same store, opened for reading.</param>
    /// <param name="sourceOffset">Bytes from the start of the source: a multiple of the allocation unit.</param>
    /// <param name="targetOffset">Bytes from the start of this file: a multiple of the allocation unit.</param>
    /// <param name="length">
    /// Bytes, a multiple of the allocation unit. Neither range reaches beyond the end of its file, and they do not overlap.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; NOT_SUPPORTED for files that it cannot do it for; or DISK_FULL.</returns>
    ValueTask<NtStatus> CloneFromAsync(
        IStoreFile source, long sourceOffset, long targetOffset, long length, CancellationToken cancellationToken);
}
