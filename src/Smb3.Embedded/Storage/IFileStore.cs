using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>
/// Where a share keeps its files. A store knows nothing of SMB: share modes, locks, oplocks, delete on close, access checks and
/// wildcards are done above it, once for every store. See the README for how to write one, and the store conformance kit for how
/// to test it.
/// </summary>
/// <remarks>
/// All members may be called from several threads at once. Expected outcomes are status values; an exception is taken for a bug of the
/// store: the request fails with STATUS_UNEXPECTED_IO_ERROR and is logged. Complete synchronously when the answer is at hand: the
/// server then answers without a thread switch; never block on a slow medium, return an unfinished task instead.
/// </remarks>
public interface IFileStore
{
    /// <summary>Facts that never change.</summary>
    StoreTraits Traits { get; }

    /// <summary>Opens what is at <paramref name="path"/>.</summary>
    /// <param name="path">The path in any spelling of upper and lower case, unless the store is case-sensitive.</param>
    /// <param name="access">
    /// What the handle is used for. A directory that is opened for more than metadata is to be listed: one that the medium does not let
    /// be listed must be refused here, because a client that has begun to list takes what it got for all there is.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// A handle; or OBJECT_NAME_NOT_FOUND when the last name does not exist, OBJECT_PATH_NOT_FOUND when a directory on the way does not
    /// exist or is a file, ACCESS_DENIED when the medium refuses, OPLOCK_BREAK_IN_PROGRESS when another program holds the file and has
    /// just been asked to let go: the server asks again until it has.
    /// </returns>
    ValueTask<NtResult<IStoreFile>> OpenAsync(StorePath path, StoreAccess access, CancellationToken cancellationToken);

    /// <summary>Creates a file or directory that does not exist yet and opens it for reading and writing.</summary>
    /// <param name="path">Where; the parent directory must exist. The name is kept in this case.</param>
    /// <param name="parameters">What it is from the start.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A handle; or OBJECT_NAME_COLLISION when the name is taken, OBJECT_PATH_NOT_FOUND, DISK_FULL,
    /// ACCESS_DENIED, OBJECT_NAME_INVALID.</returns>
    ValueTask<NtResult<IStoreFile>> CreateAsync(StorePath path, NewFile parameters, CancellationToken cancellationToken);

    /// <summary>
    /// Moves a file or directory, atomically. Open handles stay valid. A change of case only is a rename too. When both paths are names of
    /// one file and <paramref name="replace"/> is set, the old name goes.
    /// </summary>
    /// <param name="from">What is moved.</param>
    /// <param name="to">Its new path; the parent directory must exist.</param>
    /// <param name="replace">Whether an existing file at <paramref name="to"/> is replaced (a directory never is).</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Success; or OBJECT_NAME_COLLISION, OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, ACCESS_DENIED (also when a directory would be
    /// replaced, or would replace), INVALID_PARAMETER (a directory into itself), NOT_SAME_DEVICE.
    /// </returns>
    ValueTask<NtStatus> RenameAsync(StorePath from, StorePath to, bool replace, CancellationToken cancellationToken);

    /// <summary>Gives a file one more name. Only called with <see cref="StoreAbilities.HardLinks"/>.</summary>
    /// <param name="existing">The file.</param>
    /// <param name="link">The new name.</param>
    /// <param name="replace">Whether an existing file at <paramref name="link"/> is replaced.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or OBJECT_NAME_COLLISION, TOO_MANY_LINKS, OBJECT_PATH_NOT_FOUND, NOT_SUPPORTED.</returns>
    ValueTask<NtStatus> LinkAsync(StorePath existing, StorePath link, bool replace, CancellationToken cancellationToken);

    /// <summary>Removes a name, and the file with its last one; handles that are still open keep working until they are disposed.</summary>
    /// <param name="path">The file, or an empty directory.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Success; or DIRECTORY_NOT_EMPTY, OBJECT_NAME_NOT_FOUND, OBJECT_PATH_NOT_FOUND, ACCESS_DENIED (also for the root),
    /// MEDIA_WRITE_PROTECTED, CANNOT_DELETE (what the medium needs, such as a mount point).
    /// </returns>
    ValueTask<NtStatus> DeleteAsync(StorePath path, CancellationToken cancellationToken);

    /// <summary>
    /// Whether <see cref="DeleteAsync"/> would succeed now. Clients are told that a file is deleted when they ask for it, and the name goes
    /// only when its last handle is closed, where nobody can be told any more: so what the medium will refuse must be refused here. Success
    /// means that the store knows of no reason why it would fail. The store as it comes knows that the root stays and that a directory
    /// which lists something is not empty; override it where the medium has rights of its own, or keeps in a directory what it does not
    /// list.
    /// </summary>
    /// <param name="path">
    /// The file or directory. What does not exist may be asked for too: whether it could be deleted if it were made.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or what <see cref="DeleteAsync"/> would say.</returns>
    ValueTask<NtStatus> CanDeleteAsync(StorePath path, CancellationToken cancellationToken) =>
        Deletability.AskAsync(this, path, cancellationToken);

    /// <summary>Size, free space, label and serial number of the volume, as of now.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken);
}

/// <summary>What a handle is used for. The server asks for no more than the client's open needs.</summary>
public enum StoreAccess
{
    /// <summary>Metadata; and listing for a directory, where the medium lets it be listed.</summary>
    Metadata = 0,

    /// <summary>Metadata and reading data; listing for a directory.</summary>
    Read = 1,

    /// <summary>Metadata, reading and writing data.</summary>
    ReadWrite = 2,
}

/// <summary>What a new file or directory is from the start.</summary>
public readonly record struct NewFile
{
    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory { get; init; }

    /// <summary>DOS attributes; <see cref="FileAttributes.Directory"/> in it says nothing.</summary>
    public FileAttributes Attributes { get; init; }

    /// <summary>How many bytes to preallocate for the data; only a hint.</summary>
    public long AllocationSize { get; init; }

    /// <summary>
    /// Permission bits; <see langword="null"/>: the store's usual ones. Only set with <see cref="StoreAbilities.PosixModes"/>.
    /// </summary>
    public UnixFileMode? UnixMode { get; init; }

    /// <summary>
    /// Self-relative security descriptor (MS-DTYP 2.4.6) to keep with the file; empty: none. Only set with
    /// <see cref="StoreAbilities.SecurityDescriptors"/>.
    /// </summary>
    public ReadOnlyMemory<byte> SecurityDescriptor { get; init; }
}
