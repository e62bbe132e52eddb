using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.S3;

/// <summary>Pages of the keys of a bucket, with the metadata of objects where it is of interest.</summary>
internal sealed class S3Listing(
    IAmazonS3 client,
    S3StoreOptions options,
    RememberedProperties? remembered,
    Func<string, CancellationToken, Task<GetObjectMetadataResponse?>> head) : IDisposable
{
    private const int MostKeys = 1000;

    private readonly string _bucket = options.Bucket;
    private readonly string _prefix = options.KeyPrefix;
    private readonly ObjectLooks _looks = new(options.ParallelLooks);

    public async Task<IReadOnlyList<ObjectEntry>> ReadAsync(ObjectQuery query, CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request
        {
            BucketName = _bucket,
            Prefix = _prefix + query.Prefix,
            Delimiter = query.Folders ? "/" : null,
            StartAfter = query.After.Length > 0 ? _prefix + query.After : null,
            MaxKeys = Math.Clamp(query.Most, 1, MostKeys),
            Encoding = EncodingType.Url, // XML cannot say every key
        };
        while (true)
        {
            var response = await client.ListObjectsV2Async(request, cancellationToken).ConfigureAwait(false);
            var entries = Read(response, query);
            if (entries.Length > 0 || response.IsTruncated != true)
            {
                if (remembered is not null && !query.KeysOnly)
                {
                    await LookAsync(entries, cancellationToken).ConfigureAwait(false);
                }

                return entries;
            }

            request.ContinuationToken = response.NextContinuationToken is { Length: > 0 } next && next != request.ContinuationToken
                ? next
                : throw new IOException("The server says that a listing goes on, and not from where");
        }
    }

    public void Dispose() => _looks.Dispose();

    private ObjectEntry[] Read(ListObjectsV2Response response, ObjectQuery query)
    {
        var isEncoded = response.Encoding == EncodingType.Url;
        var objects = (response.S3Objects ?? []).Select(found => new ObjectEntry(
            ToKey(found.Key, isEncoded), found.Size ?? 0, S3Metadata.TimeOf(found.LastModified), found.ETag));
        var folders = (response.CommonPrefixes ?? []).Select(folder => new ObjectEntry(ToKey(folder, isEncoded), 0, default));

        // A folder in which the page before ended is told again when it has keys behind that.
        var entries = objects.Concat(folders).Where(entry => Utf8Order.Compare(entry.Key, query.After) > 0).ToArray();
        Array.Sort(entries, static (left, right) => Utf8Order.Compare(left.Key, right.Key));
        return entries;
    }

    /// <summary>As forms are encoded: a plus is a space.</summary>
    private string ToKey(string told, bool isEncoded) => (isEncoded ? WebUtility.UrlDecode(told) : told)[_prefix.Length..];

    /// <summary>Fetches the metadata that is not known. What has gone meanwhile, or may not be looked at, stands there without.</summary>
    private Task LookAsync(ObjectEntry[] entries, CancellationToken cancellationToken) => _looks.CompleteAsync(
        entries,
        entry => remembered!.TryGet(entry.Key, entry.Version, entry.LastWritten, out var properties) ? entry with { Properties = properties } : null,
        async (entry, token) => entry with { Properties = await LookAsync(entry, token).ConfigureAwait(false) },
        cancellationToken);

    private async Task<string?> LookAsync(ObjectEntry entry, CancellationToken cancellationToken)
    {
        var age = remembered!.Age;
        GetObjectMetadataResponse? found;
        try
        {
            found = await head(entry.Key, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            return null;
        }

        var properties = found is null ? null : S3Metadata.PropertiesOf(found);
        if (found is not null && entry.Version is not null && found.ETag == entry.Version)
        {
            remembered.Add(age, entry.Key, entry.Version, S3Metadata.TimeOf(found.LastModified), properties);
        }

        return properties;
    }
}
