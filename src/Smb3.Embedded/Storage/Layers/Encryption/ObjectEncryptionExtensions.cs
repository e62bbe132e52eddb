using System.Security.Cryptography;
using Smb3.Embedded.Storage.Layers.Encryption;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Storage;

/// <summary>Stores of objects whose data nobody can read without a key.</summary>
public static class ObjectEncryptionExtensions
{
    /// <summary>
    /// A store on <paramref name="store"/> in which the data of files is encrypted and authenticated (AES-256-GCM, in chunks of 64 KiB, so that parts
    /// can be read) before the store below gets it.
    /// </summary>
    /// <remarks>
    /// Who can read the store below learns names, lengths, times and attributes, and nothing of the data. Who can write to it can remove an object,
    /// and put one that was encrypted with the same key in the place of another, an older version for example; other changes are found when the data is
    /// read, which fails with FILE_CORRUPT_ERROR then. So do objects that were put without the key; the health check tells of both. Files that are
    /// being changed are in the server's memory and in its temporary files (<see cref="ObjectFileStoreOptions.SpoolFolder"/>) as they are. When a file is
    /// first read, its object is looked up and 56 bytes are read in front of the data.
    /// </remarks>
    /// <param name="store">The store below. It is ended with the one that is returned, when that is disposed.</param>
    /// <param name="key">
    /// 32 bytes that nobody can guess: <see cref="RandomNumberGenerator.GetBytes(int)"/>, kept where secrets are. Without it the data is lost.
    /// </param>
    /// <param name="formerKeys">Keys with which what is there may have been encrypted too. What is written is encrypted with <paramref name="key"/>.</param>
    /// <returns>The store to share.</returns>
    /// <exception cref="ArgumentException">A key has another length.</exception>
    public static ObjectFileStore WithEncryption(
        this ObjectFileStore store, ReadOnlyMemory<byte> key, params IReadOnlyList<ReadOnlyMemory<byte>> formerKeys)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(formerKeys);
        return new EncryptedObjectStore(store, new ObjectKeyring([key, .. formerKeys]));
    }
}
