using System.Security.Cryptography;
using Smb3.Embedded.Storage.Layers;
using Smb3.Embedded.Storage.Layers.Encryption;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Storage;

/// <summary>Stores of files whose data nobody can read without a key.</summary>
public static class FileEncryptionExtensions
{
    /// <summary>
    /// A store on <paramref name="store"/> in which the data of files and of their streams is encrypted (XTS-AES-256, as disks are) before the store below
    /// gets it. Any part can be read and written, holes stay holes, and a crash leaves each 16 bytes as they were or as they were to be.
    /// </summary>
    /// <remarks>
    /// Who can read the store below learns names, lengths, times, attributes, extended attributes, security descriptors, which parts are holes, and which
    /// parts change from one look to the next: nothing of the data. Who can write to it can put back what was there, make any 16 bytes zeros, and garble any, which nothing
    /// finds: against those, keep objects (<see cref="ObjectFileStore"/>), whose encryption authenticates. A file that was not encrypted with one of the keys
    /// cannot be read and not written (FILE_CORRUPT_ERROR; the health check tells), but overwritten as a whole, and deleted. A file takes up 4 KiB more. Blocks are not
    /// shared between files, and files not compressed.
    /// </remarks>
    /// <param name="store">The store below. It is ended with the one that is returned, when that is disposed.</param>
    /// <param name="key">
    /// 32 bytes that nobody can guess: <see cref="RandomNumberGenerator.GetBytes(int)"/>, kept where secrets are. Without it the data is lost.
    /// </param>
    /// <param name="formerKeys">
    /// Keys with which what is there may have been encrypted too. A file keeps its key until it is overwritten as a whole; new ones get <paramref name="key"/>.
    /// </param>
    /// <returns>The store to share.</returns>
    /// <exception cref="ArgumentException">A key has another length; or the store has layers on objects, which are encrypted below them.</exception>
    public static IFileStore WithEncryption(
        this IFileStore store, ReadOnlyMemory<byte> key, params IReadOnlyList<ReadOnlyMemory<byte>> formerKeys)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(formerKeys);
        if (store is ObjectFileStore objects)
        {
            return objects.WithEncryption(key, formerKeys);
        }

        for (var below = store; below is LayeredStore layer; below = layer.Below)
        {
            if (layer.Below is ObjectFileStore)
            {
                throw new ArgumentException(
                    "The store keeps objects, whose encryption also finds what was changed; encrypt them first: objects.WithEncryption(key).WithQuota(bytes).",
                    nameof(store));
            }
        }

        return EncryptedStore.On(store, new FileKeyring([key, .. formerKeys]));
    }
}
