using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>What of a file or folder another one has to be like.</summary>
/// <param name="Metadata">What is known of it.</param>
/// <param name="Look">What another one is made with.</param>
internal readonly record struct FileLook(FileMetadata Metadata, NewFile Look)
{
    /// <summary>What says what a file is, and is not given to another with its attributes.</summary>
    private const FileAttributes Kinds = FileAttributes.Directory | FileAttributes.SparseFile | FileAttributes.ReparsePoint | FileAttributes.Compressed;

    /// <summary>Looks at a file of a store.</summary>
    public static async ValueTask<NtResult<FileLook>> TakeAsync(IFileStore store, IStoreFile handle, CancellationToken cancellationToken)
    {
        var metadata = await handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        var descriptor = store.Traits.Has(StoreAbilities.SecurityDescriptors) && handle is ISecurableFile securable
            ? await securable.GetSecurityDescriptorAsync(cancellationToken).ConfigureAwait(false) : ReadOnlyMemory<byte>.Empty;
        return !metadata.Succeeded ? metadata.Status
            : !descriptor.Succeeded ? descriptor.Status
            : new FileLook(metadata.Value, new NewFile
            {
                Attributes = metadata.Value.Attributes & ~Kinds,
                SecurityDescriptor = descriptor.Value,
                UnixMode = store.Traits.Has(StoreAbilities.PosixModes) ? metadata.Value.UnixMode : null,
            });
    }
}
