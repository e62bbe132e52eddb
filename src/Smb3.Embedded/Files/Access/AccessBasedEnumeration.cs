using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Access;

/// <summary>
/// What a caller sees if access-based enumeration hides what the caller may not read, in listings and change notifications alike.
/// </summary>
internal static class AccessBasedEnumeration
{
    // The rights that Windows requires before it shows an entry.
    private const FileAccessMask Readable = FileAccessMask.FileGenericRead & ~FileAccessMask.Synchronize;

    /// <summary>Whether a file is shown. Its own descriptor decides: rights that come from its directory do not make it visible.</summary>
    public static async ValueTask<bool> ShowsAsync(
        FileSecurity security, IStoreFile file, bool isDirectory, FileCaller caller, CancellationToken cancellationToken)
    {
        var descriptor = await security.ReadAsync(file, isDirectory, caller, cancellationToken).ConfigureAwait(false);
        return descriptor.Succeeded && AccessCheck.Allows(descriptor.Value, caller, Readable);
    }

    /// <summary>Whether the directory that has <paramref name="path"/> shows it; anything that cannot be examined is not shown.</summary>
    public static async ValueTask<bool> ShowsAsync(
        FileSecurity security, IFileStore store, StorePath path, FileCaller caller, CancellationToken cancellationToken)
    {
        var opened = await store.OpenAsync(path, StoreAccess.Metadata, cancellationToken).ConfigureAwait(false);
        if (!opened.Succeeded)
        {
            return false;
        }

        var handle = opened.Value;
        await using var handleUse = handle.ConfigureAwait(false);
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded
            && await ShowsAsync(security, handle, metadata.Value.IsDirectory, caller, cancellationToken).ConfigureAwait(false);
    }
}
