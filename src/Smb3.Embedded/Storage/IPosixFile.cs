using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle of a store with <see cref="StoreAbilities.PosixModes"/>: the file has permission bits. The server only keeps and reports them;
/// what a caller may do is up to the security descriptor.
/// </summary>
public interface IPosixFile
{
    /// <summary>Sets the permission bits, as <see cref="FileMetadata.UnixMode"/> tells them from now on.</summary>
    /// <param name="mode">All twelve bits.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetUnixModeAsync(UnixFileMode mode, CancellationToken cancellationToken);
}
