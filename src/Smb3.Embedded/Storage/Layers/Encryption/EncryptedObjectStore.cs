using System.Buffers;
using System.Collections.Concurrent;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Storage.Layers.Encryption;

/// <summary>A store of objects whose data another store keeps encrypted. Folders have no data, and are kept as they are.</summary>
internal sealed class EncryptedObjectStore(ObjectFileStore inner, ObjectKeyring keys)
    : ObjectFileStore(inner.Options with { MaxFileLength = SealedObject.LengthOf(inner.Options.MaxFileLength) }, inner.KeepsProperties),
        IReportingStore, IAsyncDisposable
{
    /// <summary>The most objects of which it is remembered how they are read.</summary>
    private const int MaxRemembered = 1000;

    /// <summary>How often is looked again when an object without a version may have been replaced between two steps.</summary>
    private const int Attempts = 3;

    private readonly ConcurrentDictionary<(string Key, string Version), SealedObject> _remembered = new();
    private long _unreadable;

    /// <inheritdoc/>
    public string? Problem => (inner as IReportingStore)?.Problem ?? (Interlocked.Read(ref _unreadable) == 0 ? null
        : "Files could not be read because their objects were not encrypted with a key that this store has, or were changed: give it the former keys, or "
            + "put back the objects.");

    /// <inheritdoc/>
    public override ValueTask<NtResult<VolumeInformation>> GetVolumeAsync(CancellationToken cancellationToken) => inner.GetVolumeAsync(cancellationToken);

    /// <summary>Ends the store below, when it can be ended.</summary>
    public ValueTask DisposeAsync() => StoreDisposal.DisposeAsync(inner);

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken)
    {
        var page = await inner.ListObjectsAsync(query, cancellationToken).ConfigureAwait(false);
        return page.Succeeded ? page.Value.Select(static entry => Open(entry)).ToList() : page;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken)
    {
        var found = await inner.FindObjectAsync(key, cancellationToken).ConfigureAwait(false);
        return found is { Succeeded: true, Value: { } entry } ? new NtResult<ObjectEntry?>(Open(entry)) : found;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            var found = await FindSealedAsync(key, version, cancellationToken).ConfigureAwait(false);
            var status = found.Succeeded ? await ReadAsync(found.Value, key, version, offset, buffer, cancellationToken).ConfigureAwait(false) : found.Status;
            if (status == NtStatus.Success)
            {
                return buffer.Length;
            }

            if (status != NtStatus.FileCorruptError || version is not null || attempt == Attempts)
            {
                if (status == NtStatus.FileCorruptError)
                {
                    Interlocked.Increment(ref _unreadable);
                }

                return status;
            }
        }
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        if (ObjectKeys.IsFolder(key))
        {
            return await inner.PutObjectAsync(key, content, properties, condition, cancellationToken).ConfigureAwait(false);
        }

        var stream = new SealingStream(keys.New(content.Length), content);
        await using var streamUse = stream.ConfigureAwait(false);
        var put = await inner.PutObjectAsync(key, stream, properties, condition, cancellationToken).ConfigureAwait(false);
        return put.Succeeded ? put.Value with { Length = content.Length } : put;
    }

    /// <inheritdoc/>
    protected override ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken) => inner.DeleteObjectAsync(key, cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry>> SetPropertiesAsync(string key, string properties, CancellationToken cancellationToken)
    {
        var entry = await inner.SetObjectPropertiesAsync(key, properties, cancellationToken).ConfigureAwait(false);
        return entry.Succeeded ? Open(entry.Value) : entry;
    }

    /// <inheritdoc/>
    protected override ValueTask<NtStatus> CopyAsync(string key, string newKey, CancellationToken cancellationToken) =>
        inner.CopyObjectAsync(key, newKey, cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask<NtStatus> MoveAsync(string key, string newKey, CancellationToken cancellationToken) =>
        inner.MoveObjectAsync(key, newKey, cancellationToken);

    private static ObjectEntry Open(ObjectEntry entry) =>
        ObjectKeys.IsFolder(entry.Key) ? entry : entry with { Length = SealedObject.LengthOf(entry.Length) };

    /// <summary>How an object is read.</summary>
    private async ValueTask<NtResult<SealedObject>> FindSealedAsync(string key, string? version, CancellationToken cancellationToken)
    {
        if (version is not null && _remembered.TryGetValue((key, version), out var known))
        {
            return known;
        }

        var found = await inner.FindObjectAsync(key, cancellationToken).ConfigureAwait(false);
        if (!found.Succeeded || found.Value is not { } entry)
        {
            return found.Succeeded ? NtStatus.ObjectNameNotFound : found.Status;
        }

        if (version is not null && version != entry.Version)
        {
            return NtStatus.FileInvalid;
        }

        if (entry.Length < SealedObject.HeaderLength)
        {
            return NtStatus.FileCorruptError;
        }

        var header = new byte[SealedObject.HeaderLength];
        var read = await inner.ReadObjectAsync(key, version, 0, header, cancellationToken).ConfigureAwait(false);
        if (!read.Succeeded || read.Value != header.Length)
        {
            return read.Succeeded ? NtStatus.FileInvalid : read.Status;
        }

        if (keys.Find(header) is not { } sealedObject || sealedObject.SealedLength != entry.Length)
        {
            return NtStatus.FileCorruptError;
        }

        if (version is not null)
        {
            if (_remembered.Count >= MaxRemembered)
            {
                _remembered.Clear();
            }

            _remembered[(key, version)] = sealedObject;
        }

        return sealedObject;
    }

    private async ValueTask<NtStatus> ReadAsync(
        SealedObject sealedObject, string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (offset + buffer.Length > sealedObject.Length)
        {
            return NtStatus.FileCorruptError; // it is shorter than its object is long
        }

        var first = offset / SealedObject.ChunkLength;
        var end = (offset + buffer.Length + SealedObject.ChunkLength - 1) / SealedObject.ChunkLength;
        var from = SealedObject.PlaceOf(first);
        var count = (int)(Math.Min(SealedObject.PlaceOf(end), sealedObject.SealedLength) - from);
        var sealedData = ArrayPool<byte>.Shared.Rent(count);
        try
        {
            var read = await inner.ReadObjectAsync(key, version, from, sealedData.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            return !read.Succeeded ? read.Status
                : read.Value != count ? NtStatus.FileInvalid
                : TryOpen(sealedObject, first, sealedData.AsSpan(0, count), (int)(offset - (first * SealedObject.ChunkLength)), buffer.Span)
                    ? NtStatus.Success : NtStatus.FileCorruptError;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(sealedData);
        }
    }

    /// <summary>Decrypts chunks one after the other, and takes of them what is asked for.</summary>
    /// <param name="sealedObject">The object.</param>
    /// <param name="chunk">The first of them.</param>
    /// <param name="sealedData">The chunks.</param>
    /// <param name="skipped">Bytes of the first chunk that are not asked for.</param>
    /// <param name="data">What is filled.</param>
    private static bool TryOpen(SealedObject sealedObject, long chunk, ReadOnlySpan<byte> sealedData, int skipped, Span<byte> data)
    {
        using var cipher = sealedObject.Cipher();
        var rest = ArrayPool<byte>.Shared.Rent(SealedObject.ChunkLength);
        try
        {
            for (; !data.IsEmpty; chunk++, skipped = 0)
            {
                var length = sealedObject.LengthOfChunk(chunk);
                var isWhole = skipped == 0 && data.Length >= length;
                var opened = isWhole ? data[..length] : rest.AsSpan(0, length);
                if (!sealedObject.TryOpen(cipher, chunk, sealedData, opened))
                {
                    return false;
                }

                if (!isWhole)
                {
                    opened = opened[skipped..Math.Min(length, skipped + data.Length)];
                    opened.CopyTo(data);
                }

                data = data[opened.Length..];
                sealedData = sealedData[(length + SealedObject.TagLength)..];
            }

            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rest, clearArray: true);
        }
    }
}
