using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// A handle whose file can have named streams beside its data (MS-FSCC 2.1.4). Every handle of a store with <see
/// cref="StoreAbilities.NamedStreams"/> implements it, including those of directories; a stream's handle means the file that has the
/// stream.
/// </summary>
/// <remarks>
/// A stream has data of its own and nothing else: times, attributes, security descriptor and extended attributes are the file's. Streams
/// are moved and deleted with their file. Names differ in case only where the store's file names may, and are kept as they were created.
/// </remarks>
public interface IStreamedFile
{
    /// <summary>Opens a stream.</summary>
    /// <param name="name">Its name, without a colon: 1 to 255 UTF-16 units, any but <c>\ / :</c> and U+0000.</param>
    /// <param name="access">What the handle is used for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A handle; or OBJECT_NAME_NOT_FOUND, ACCESS_DENIED when the medium refuses.</returns>
    ValueTask<NtResult<IStoreStream>> OpenStreamAsync(string name, StoreAccess access, CancellationToken cancellationToken);

    /// <summary>Creates an empty stream and opens it for reading and writing.</summary>
    /// <param name="name">Its name, as for <see cref="OpenStreamAsync"/>; kept in this case.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A handle; or OBJECT_NAME_COLLISION, DISK_FULL, ACCESS_DENIED.</returns>
    ValueTask<NtResult<IStoreStream>> CreateStreamAsync(string name, CancellationToken cancellationToken);

    /// <summary>The named streams, in any order, empty ones too.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(CancellationToken cancellationToken);

    /// <summary>Gives a stream another name, or another spelling of its name. Handles on it stay valid.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="newName">Its new name; the empty string: its data takes the place of the file's own, which the server
    /// found empty.</param>
    /// <param name="replace">Whether another stream of that name is replaced.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or OBJECT_NAME_NOT_FOUND, OBJECT_NAME_COLLISION, INVALID_PARAMETER (an empty new name on a directory).</returns>
    ValueTask<NtStatus> RenameStreamAsync(string name, string newName, bool replace, CancellationToken cancellationToken);

    /// <summary>Removes a stream; handles on it keep working until they are disposed.</summary>
    /// <param name="name">The stream.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or OBJECT_NAME_NOT_FOUND, ACCESS_DENIED when the medium refuses.</returns>
    ValueTask<NtStatus> DeleteStreamAsync(string name, CancellationToken cancellationToken);

    /// <summary>
    /// Whether <see cref="DeleteStreamAsync"/> would succeed now, as far as the store knows: see <see cref="IFileStore.CanDeleteAsync"/>.
    /// </summary>
    /// <param name="name">The stream.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> CanDeleteStreamAsync(string name, CancellationToken cancellationToken) => new(NtStatus.Success);
}

/// <summary>
/// An open handle on a named stream. Data, length and allocation size are the stream's; everything else belongs to the file, including what
/// is set: its path, its metadata, its security descriptor.
/// </summary>
public interface IStoreStream : IStoreFile, IStreamedFile
{
    /// <summary>The name in the case in which it was created, as of the open.</summary>
    string StreamName { get; }
}

/// <summary>One named stream of a file.</summary>
/// <param name="Name">Its name, without colons.</param>
/// <param name="Length">Exact length in bytes.</param>
/// <param name="AllocationSize">Bytes that it occupies.</param>
public readonly record struct StoreStreamEntry(string Name, long Length, long AllocationSize);
