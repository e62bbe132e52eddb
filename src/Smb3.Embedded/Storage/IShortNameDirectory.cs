using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle on a directory that keeps the short names which clients have given to files in it (MS-FSCC 2.4.44). Those that the server makes
/// itself are kept nowhere. A store that does not implement it keeps none, and clients are told so.
/// </summary>
public interface IShortNameDirectory
{
    /// <summary>What was kept last; empty when there is nothing.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<ReadOnlyMemory<byte>>> GetShortNamesAsync(CancellationToken cancellationToken);

    /// <summary>Keeps bytes that the server makes and reads, beside what the directory is: they move no time of it.</summary>
    /// <param name="names">The bytes; empty: nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DISK_FULL or another error of the medium.</returns>
    ValueTask<NtStatus> SetShortNamesAsync(ReadOnlyMemory<byte> names, CancellationToken cancellationToken);
}
