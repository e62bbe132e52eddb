namespace Smb3.Embedded.Storage.Layers.Limits;

/// <summary>A handle on a stream whose data grows only as far as there is room in the whole store.</summary>
internal sealed class LimitedStream(LimitedStore store, IStoreStream inner, FileCharge file, DataCharge data)
    : LimitedFile(store, inner, file, data), IStoreStream
{
    /// <inheritdoc/>
    public string StreamName => inner.StreamName;
}
