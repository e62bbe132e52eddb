using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Tests.Storage;

/// <summary>Objects in memory that can do no more than a store must, and that fail when they are told to.</summary>
internal sealed class MemoryObjectStore(ObjectFileStoreOptions? options = null, bool keepsProperties = true)
    : ObjectFileStore(options ?? new ObjectFileStoreOptions { MaxFileLength = 8 << 20 }, keepsProperties)
{
    private readonly Lock _sync = new();
    private readonly SortedDictionary<string, (byte[] Data, string? Properties, int Version)> _objects = new(StringComparer.Ordinal);
    private int _version;

    /// <summary>What puts are answered with.</summary>
    public NtStatus Puts { get; set; }

    public int Listings { get; private set; }

    public int Reads { get; private set; }

    public int PutCount { get; private set; }

    public string[] Keys
    {
        get
        {
            lock (_sync)
            {
                return [.. _objects.Keys];
            }
        }
    }

    /// <summary>What another program does.</summary>
    public void PutOutside(string key, params byte[] data)
    {
        lock (_sync)
        {
            _objects[key] = (data, null, ++_version);
        }
    }

    public byte[]? Get(string key)
    {
        lock (_sync)
        {
            return _objects.TryGetValue(key, out var found) ? found.Data : null;
        }
    }

    protected override ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            Listings++;
            return new(_objects
                .Where(pair => string.CompareOrdinal(pair.Key, query.Prefix) >= 0 && string.CompareOrdinal(pair.Key, query.End) < 0
                    && string.CompareOrdinal(pair.Key, query.After) > 0)
                .Take(query.Most).Select(static pair => ToEntry(pair.Key, pair.Value)).ToList());
        }
    }

    protected override ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            return new(new NtResult<ObjectEntry?>(_objects.TryGetValue(key, out var found) ? ToEntry(key, found) : null));
        }
    }

    protected override ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            Reads++;
            if (!_objects.TryGetValue(key, out var found) || (version is not null && version != $"{found.Version}"))
            {
                return new(found.Data is null ? NtStatus.ObjectNameNotFound : NtStatus.FileInvalid);
            }

            found.Data.AsSpan((int)offset, buffer.Length).CopyTo(buffer.Span);
            return new(buffer.Length);
        }
    }

    protected override async ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        var data = new MemoryStream();
        await content.CopyToAsync(data, cancellationToken);
        lock (_sync)
        {
            PutCount++;
            var there = _objects.TryGetValue(key, out var found);
            if (Puts != NtStatus.Success || (condition.IsAbsent && there))
            {
                return Puts != NtStatus.Success ? Puts : NtStatus.ObjectNameCollision;
            }

            if (condition.Version is { } version && (!there || version != $"{found.Version}"))
            {
                return NtStatus.FileInvalid;
            }

            return ToEntry(key, _objects[key] = (data.ToArray(), properties, ++_version));
        }
    }

    protected override ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        lock (_sync)
        {
            _objects.Remove(key);
            return new(NtStatus.Success);
        }
    }

    private static ObjectEntry ToEntry(string key, (byte[] Data, string? Properties, int Version) found) =>
        new(key, found.Data.Length, DateTimeOffset.UnixEpoch, $"{found.Version}", found.Properties);
}
