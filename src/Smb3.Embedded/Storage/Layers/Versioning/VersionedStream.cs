namespace Smb3.Embedded.Storage.Layers.Versioning;

/// <summary>A handle on a named stream, which has no versions itself.</summary>
internal sealed class VersionedStream(VersioningStore store, IStoreStream inner, FileUse use)
    : VersionedFile(store, inner, use, writes: false), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName => inner.StreamName;
}
