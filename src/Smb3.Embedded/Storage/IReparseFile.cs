using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose file or directory can be a reparse point: it has a tag and data that say what it is, and anybody who opens it is told so
/// instead of getting the file (MS-FSCC 2.1.2). Every handle of a store with <see cref="StoreAbilities.ReparsePoints"/>
/// implements it, except on streams.
/// </summary>
/// <remarks>
/// <see cref="FileMetadata.ReparseTag"/> and <see cref="FileAttributes.ReparsePoint"/> show it. A path that leads through one (there
/// is nothing below it) is answered by the store with STATUS_REPARSE_POINT_ENCOUNTERED; the server follows none.
/// </remarks>
public interface IReparseFile
{
    /// <summary>The reparse point's REPARSE_DATA_BUFFER, byte by byte as it was set.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>It; or NOT_A_REPARSE_POINT.</returns>
    ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(CancellationToken cancellationToken);

    /// <summary>Makes it a reparse point, or replaces the data of the one that it is.</summary>
    /// <param name="buffer">
    /// A REPARSE_DATA_BUFFER of at most 16 KiB: the tag, and whatever follows. The server has checked it, and that a directory is empty.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DISK_FULL, ACCESS_DENIED.</returns>
    ValueTask<NtStatus> SetReparsePointAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Makes it an ordinary file or directory again.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or NOT_A_REPARSE_POINT.</returns>
    ValueTask<NtStatus> DeleteReparsePointAsync(CancellationToken cancellationToken);
}
