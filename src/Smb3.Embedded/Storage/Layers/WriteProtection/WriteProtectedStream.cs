namespace Smb3.Embedded.Storage.Layers.WriteProtection;

/// <summary>A handle on a stream by which nothing can be changed.</summary>
internal sealed class WriteProtectedStream(WriteProtectedStore store, IStoreStream inner) : WriteProtectedFile(store, inner), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName => inner.StreamName;
}
