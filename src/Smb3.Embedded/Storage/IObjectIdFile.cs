using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle that keeps an object id of its file: the id by which link tracking finds a file (MS-FSCC 2.1.3). Every handle of a store with
/// <see cref="StoreAbilities.ObjectIds"/> implements it.
/// </summary>
public interface IObjectIdFile
{
    /// <summary>The FILE_OBJECTID_BUFFER of 64 bytes as it was set; empty when there is none.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(CancellationToken cancellationToken);

    /// <summary>Keeps an object id.</summary>
    /// <param name="buffer">64 bytes, the id first; empty: removes it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DUPLICATE_NAME when another file has this id, where the store can tell.</returns>
    ValueTask<NtStatus> SetObjectIdAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken);
}
