using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle on a file whose own data can become one of its named streams (MS-FSA 2.1.5.15.11.1). Optional: where a store with <see
/// cref="StoreAbilities.NamedStreams"/> does not implement it, clients that rename the unnamed stream are answered INVALID_PARAMETER.
/// </summary>
public interface IUnnamedStreamFile
{
    /// <summary>
    /// Makes the file's data its stream <paramref name="newName"/>; the file's own data is empty afterwards. Handles that were opened on the
    /// file stay handles on the file: the server goes on with those that are returned, and has nothing running on any other meanwhile.
    /// </summary>
    /// <remarks>
    /// Nothing is lost whenever the process ends: at any time the data is that of the file, or of the stream, or of both. A failure changes
    /// nothing.
    /// </remarks>
    /// <param name="newName">The stream's name, as for <see cref="IStreamedFile.OpenStreamAsync"/>; kept in this case.</param>
    /// <param name="replace">Whether another stream of that name, which the server found empty, is replaced.</param>
    /// <param name="handles">How many handles on the stream are returned, 0 or more.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// So many handles, for reading and writing as far as the medium allows; or OBJECT_NAME_COLLISION, INVALID_PARAMETER (a directory),
    /// DISK_FULL, ACCESS_DENIED when the medium refuses.
    /// </returns>
    ValueTask<NtResult<IReadOnlyList<IStoreStream>>> RenameUnnamedStreamAsync(
        string newName, bool replace, int handles, CancellationToken cancellationToken);
}
