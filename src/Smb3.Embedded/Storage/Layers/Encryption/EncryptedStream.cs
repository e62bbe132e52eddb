namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>A handle on a stream whose data is encrypted below.</summary>
internal sealed class EncryptedStream(EncryptedStore store, IStoreStream inner, SharedFile file, StoreAccess access)
    : EncryptedFile(store, inner, file, access), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName => inner.StreamName;
}
