using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>
/// Pages of the blobs of a container. The service goes on with a page by a marker of its own, which is remembered with the place where the page ended;
/// where it is not known any more, it is asked to start there, and what an older server tells before that is passed over.
/// </summary>
internal sealed class AzureListing(
    BlobContainerClient container, AzureBlobStoreOptions options, Func<string, CancellationToken, Task<BlobProperties?>> look) : IDisposable
{
    private const int MostBlobs = 5000;

    // With the longest names some 6 MB.
    private const int MostPlaces = 1000;

    private readonly string _prefix = BlobNames.Swap(options.KeyPrefix);
    private readonly bool _keepsAttributes = options.KeepAttributes;
    private readonly ObjectLooks _looks = new(options.ParallelLooks);
    private readonly Lock _sync = new();
    private readonly Dictionary<Place, string> _markers = [];
    private readonly Queue<Place> _order = new();

    public async Task<IReadOnlyList<ObjectEntry>> ReadAsync(ObjectQuery query, CancellationToken cancellationToken)
    {
        var place = Place.Of(query);
        if (Recall(place) is not { } marker)
        {
            return await ReadFromAsync(query, place, cancellationToken).ConfigureAwait(false);
        }

        if (marker.Length == 0)
        {
            return [];
        }

        try
        {
            return await ReadAsync(query, place, marker, null, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == 400)
        {
            // A marker that the server does not know any more.
            return await ReadFromAsync(query, place, cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _looks.Dispose();

    private async Task<IReadOnlyList<ObjectEntry>> ReadFromAsync(ObjectQuery query, Place place, CancellationToken cancellationToken)
    {
        var start = place.After.Length == 0 ? null : _prefix + BlobNames.Swap(place.Behind);
        try
        {
            return await ReadAsync(query, place, null, start, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.Status == 400 && start is not null)
        {
            return await ReadAsync(query, place, null, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<ObjectEntry>> ReadAsync(
        ObjectQuery query, Place place, string? marker, string? start, CancellationToken cancellationToken)
    {
        var after = BlobNames.Swap(place.After);
        var isBehind = marker is not null;
        while (true)
        {
            var (entries, next) = await ReadPageAsync(query, marker, start, cancellationToken).ConfigureAwait(false);

            // Behind a marker the server's own order counts; only the folder in which the page before ended may come again.
            entries.RemoveAll(entry => after.Length > 0 && (place.IsFolder && entry.Name.StartsWith(after, StringComparison.Ordinal)
                || (!isBehind && Utf8Order.Compare(entry.Name, after) <= 0) || entry.Name == after));
            if (entries.Count > 0 || next.Length == 0)
            {
                entries.Sort(static (left, right) => Utf8Order.Compare(left.Name, right.Name));
                if (entries.Count > 0)
                {
                    Remember(Place.Of(query with { After = entries[^1].Entry.Key }), next);
                }

                var told = entries.Select(static entry => entry.Entry).ToArray();
                if (_keepsAttributes && !query.KeysOnly && query.Folders)
                {
                    await LookAsync(told, cancellationToken).ConfigureAwait(false);
                }

                return told;
            }

            if (next == marker)
            {
                throw new IOException("The server says that a listing goes on, and not from where");
            }

            (marker, start) = (next, null);
        }
    }

    private async Task<(List<(string Name, ObjectEntry Entry)> Entries, string Next)> ReadPageAsync(
        ObjectQuery query, string? marker, string? start, CancellationToken cancellationToken)
    {
        var traits = _keepsAttributes && !query.KeysOnly ? BlobTraits.Metadata : BlobTraits.None;
        var prefix = _prefix + BlobNames.Swap(query.Prefix);
        var size = Math.Clamp(query.Most, 1, MostBlobs);
        var entries = new List<(string, ObjectEntry)>();
        if (!query.Folders)
        {
            var flat = container.GetBlobsAsync(new GetBlobsOptions { Traits = traits, Prefix = prefix, StartFrom = start }, cancellationToken);
            await foreach (var page in flat.AsPages(marker, size).ConfigureAwait(false))
            {
                entries.AddRange(page.Values.Select(ToEntry));
                return (entries, page.ContinuationToken ?? string.Empty);
            }

            return (entries, string.Empty);
        }

        var folders = container.GetBlobsByHierarchyAsync(
            new GetBlobsByHierarchyOptions { Traits = traits, Prefix = prefix, Delimiter = "/", StartFrom = start }, cancellationToken);
        await foreach (var page in folders.AsPages(marker, size).ConfigureAwait(false))
        {
            entries.AddRange(page.Values.Select(item => item.IsPrefix ? ToFolder(item.Prefix) : ToEntry(item.Blob)));
            return (entries, page.ContinuationToken ?? string.Empty);
        }

        return (entries, string.Empty);
    }

    /// <summary>Fetches what the listing does not tell of folders. What may not be looked at stands there without.</summary>
    private Task LookAsync(ObjectEntry[] entries, CancellationToken cancellationToken) => _looks.CompleteAsync(
        entries,
        static entry => entry.Version is null ? null : entry,
        async (folder, token) =>
        {
            try
            {
                return await look(folder.Key, token).ConfigureAwait(false) is { } found
                    ? folder with { Properties = AzureMetadata.PropertiesOf(found.Metadata), LastWritten = found.LastModified } : folder;
            }
            catch (RequestFailedException e) when (e.Status == 403)
            {
                return folder;
            }
        },
        cancellationToken);

    private (string Name, ObjectEntry Entry) ToFolder(string told)
    {
        var name = told[_prefix.Length..];
        return (name, new ObjectEntry(BlobNames.Swap(name), 0, default));
    }

    private (string Name, ObjectEntry Entry) ToEntry(BlobItem blob)
    {
        var name = blob.Name[_prefix.Length..];
        return (name, new ObjectEntry(
            BlobNames.Swap(name),
            blob.Properties.ContentLength ?? 0,
            blob.Properties.LastModified ?? default,
            BlobVersion.Of(blob.Properties.ETag, blob.Properties.BlobType),
            blob.Metadata is { } metadata ? AzureMetadata.PropertiesOf(metadata) : null));
    }

    private string? Recall(Place place)
    {
        lock (_sync)
        {
            return place.After.Length == 0 ? null : _markers.GetValueOrDefault(place);
        }
    }

    /// <summary>Whoever reads a page remembers its end anew, so that nobody goes on by what was true of an older one.</summary>
    private void Remember(Place place, string marker)
    {
        lock (_sync)
        {
            if (!_markers.ContainsKey(place))
            {
                _order.Enqueue(place);
                if (_order.Count > MostPlaces)
                {
                    _markers.Remove(_order.Dequeue());
                }
            }

            _markers[place] = marker;
        }
    }

    /// <summary>Behind a key of a listing, or behind a whole folder of it.</summary>
    private readonly record struct Place(string Prefix, bool Folders, string After)
    {
        public bool IsFolder => Folders && After.EndsWith('/') && After.Length > Prefix.Length;

        /// <summary>The first key that may be of interest: the one that all of a folder come before.</summary>
        public string Behind => IsFolder ? string.Concat(After.AsSpan(0, After.Length - 1), "0") : After;

        public static Place Of(ObjectQuery query)
        {
            var slash = query.Folders && query.After.Length > query.Prefix.Length ? query.After.IndexOf('/', query.Prefix.Length) : -1;
            return new Place(query.Prefix, query.Folders, slash < 0 ? query.After : query.After[..(slash + 1)]);
        }
    }
}
