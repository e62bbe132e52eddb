using Amazon.S3;
using Amazon.S3.Model;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.S3;

/// <summary>Has the server copy objects, data and all: those of more than 5 GiB by parts, as S3 wants it.</summary>
internal sealed class S3Copier(
    IAmazonS3 client, S3StoreOptions options, Func<string, CancellationToken, Task<GetObjectMetadataResponse?>> head, S3Writer writer)
{
    private const long MostAtOnce = 5L << 30;
    private const long PartSize = 1L << 30;

    private readonly string _bucket = options.Bucket;
    private readonly int _prefix = options.KeyPrefix.Length;

    /// <summary>What is copied by parts, which a test makes shorter.</summary>
    public (long MostAtOnce, long PartSize) Sizes { get; set; } = (MostAtOnce, PartSize);

    /// <summary>Copies an object, also over itself, with what else it carries; with other properties if there are any.</summary>
    public async Task CopyAsync(string key, string newKey, string? properties, CancellationToken cancellationToken)
    {
        var source = await head(key[_prefix..], cancellationToken).ConfigureAwait(false)
            ?? throw new AmazonS3Exception("There is no such object.") { StatusCode = System.Net.HttpStatusCode.NotFound, ErrorCode = "NoSuchKey" };
        if (source.ContentLength > Sizes.MostAtOnce)
        {
            await CopyPartsAsync(key, newKey, source, properties, cancellationToken).ConfigureAwait(false);
            return;
        }

        var request = new CopyObjectRequest
        {
            SourceBucket = _bucket,
            SourceKey = key,
            DestinationBucket = _bucket,
            DestinationKey = newKey,
            ETagToMatch = source.ETag,
            StorageClass = source.StorageClass,
            MetadataDirective = properties is null ? S3MetadataDirective.COPY : S3MetadataDirective.REPLACE,
        };
        if (properties is not null)
        {
            S3Metadata.CopyTo(source, request.Metadata, request.Headers, properties);
        }

        await client.CopyObjectAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private Task<string?> CopyPartsAsync(
        string key, string newKey, GetObjectMetadataResponse source, string? properties, CancellationToken cancellationToken) => writer.UploadAsync(
        newKey,
        request =>
        {
            request.StorageClass = source.StorageClass;
            S3Metadata.CopyTo(source, request.Metadata, request.Headers, properties);
        },
        ObjectCondition.None,
        async (upload, token) =>
        {
            var parts = new List<PartETag>();
            for (long at = 0; at < source.ContentLength; at += Sizes.PartSize)
            {
                var response = await client.CopyPartAsync(
                    new CopyPartRequest
                    {
                        SourceBucket = _bucket,
                        SourceKey = key,
                        DestinationBucket = _bucket,
                        DestinationKey = newKey,
                        UploadId = upload.Id,
                        PartNumber = parts.Count + 1,
                        FirstByte = at,
                        LastByte = Math.Min(at + Sizes.PartSize, source.ContentLength) - 1,
                        ETagToMatch = [source.ETag],
                    },
                    token).ConfigureAwait(false);
                parts.Add(new PartETag(response));
            }

            return parts;
        },
        static (_, _) => false,
        cancellationToken);
}
