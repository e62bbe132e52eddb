using System.Buffers;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage;

/// <summary>An open handle of a store: one for each open of a client. Disposing it closes it; it is disposed exactly once.</summary>
/// <remarks>Members may be called from several threads at once. What a handle was not opened for is never asked of it.</remarks>
public interface IStoreFile : IAsyncDisposable
{
    /// <summary>The path in the case in which its names were created, as of the open.</summary>
    StorePath Path { get; }

    /// <summary>What the store knows of the file, as of now.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<FileMetadata>> GetMetadataAsync(CancellationToken cancellationToken);

    /// <summary>Changes attributes and times, all of them or none.</summary>
    /// <param name="change">What changes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetMetadataAsync(FileMetadataChange change, CancellationToken cancellationToken);

    /// <summary>Reads from <paramref name="offset"/> into the caller's memory.</summary>
    /// <param name="offset">Bytes from the start of the file, not negative.</param>
    /// <param name="buffer">Where the data goes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Bytes read: as many as <paramref name="buffer"/> holds unless the file ends before that; 0 at or beyond the end.
    /// </returns>
    ValueTask<NtResult<int>> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>
    /// Writes all of <paramref name="data"/> at <paramref name="offset"/>; the file grows as needed, a gap reads as zeros.
    /// </summary>
    /// <param name="offset">Bytes from the start of the file, not negative.</param>
    /// <param name="data">What is written; valid until the task ends.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Success; or DISK_FULL, FILE_TOO_LARGE (nothing or a part may have been written then).</returns>
    ValueTask<NtStatus> WriteAsync(long offset, ReadOnlySequence<byte> data, CancellationToken cancellationToken);

    /// <summary>Sets the end of file: truncates the data, or extends it with zeros.</summary>
    /// <param name="length">New length in bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetLengthAsync(long length, CancellationToken cancellationToken);

    /// <summary>
    /// Preallocates space so that writing up to <paramref name="size"/> bytes needs no more; never changes the length. A hint.
    /// </summary>
    /// <param name="size">Bytes from the start of the file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> AllocateAsync(long size, CancellationToken cancellationToken) => new(NtStatus.Success);

    /// <summary>
    /// Makes everything that was written survive a loss of power: data, attributes, times and all else that is kept with the file; of a
    /// file that this handle has created, its name too; of a directory, the names in it.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> FlushAsync(CancellationToken cancellationToken);

    /// <summary>Starts a listing of this directory. Entries <c>.</c> and <c>..</c> are the server's and not listed.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The listing; or ACCESS_DENIED or another error of the medium, never an empty listing in its place.</returns>
    ValueTask<NtResult<IStoreListing>> ListAsync(CancellationToken cancellationToken);
}

/// <summary>A listing under way. It need not see what is added or removed after it began, but lists everything else exactly once.</summary>
public interface IStoreListing : IAsyncDisposable
{
    /// <summary>Reads the next entries, in the store's order (by name where that costs nothing).</summary>
    /// <param name="entries">Where they go.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// How many were read: at least 1 until the end, 0 at the end. A listing that cannot go on says why instead, after what it has read
    /// so far, and every time that it is asked again.
    /// </returns>
    ValueTask<NtResult<int>> ReadAsync(Memory<StoreEntry> entries, CancellationToken cancellationToken);
}

/// <summary>A handle that keeps a security descriptor. The server checks access.</summary>
public interface ISecurableFile
{
    /// <summary>The stored self-relative security descriptor (MS-DTYP 2.4.6); empty when the file has none.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtResult<ReadOnlyMemory<byte>>> GetSecurityDescriptorAsync(CancellationToken cancellationToken);

    /// <summary>Keeps <paramref name="descriptor"/> as it is, byte by byte.</summary>
    /// <param name="descriptor">Self-relative security descriptor, at most 64 KiB.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    ValueTask<NtStatus> SetSecurityDescriptorAsync(ReadOnlyMemory<byte> descriptor, CancellationToken cancellationToken);
}
