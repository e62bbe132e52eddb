using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.S3;

/// <summary>
/// Puts objects: small ones at once, others in parts, of which only so many are in memory and under way at a time. The object is there when the last
/// request says so, and not before.
/// </summary>
internal sealed class S3Writer(
    IAmazonS3 client, S3StoreOptions options, Func<string, CancellationToken, Task<GetObjectMetadataResponse?>> head, ILogger logger) : IDisposable
{
    private static readonly TimeSpan AbortLimit = TimeSpan.FromSeconds(30);

    private readonly string _bucket = options.Bucket;
    private readonly int _prefix = options.KeyPrefix.Length;
    private readonly int _partSize = options.PartSize;
    private readonly bool _looks = options.LookBeforeReplacing;
    private readonly PartSender _parts = new(options.PartSize, options.ParallelParts);

    // Ceph compares with what stands there, quotes and all; AWS takes both.
    private volatile bool _unquoted;
    private volatile bool _knowsNoConditions;

    public void Dispose() => _parts.Dispose();

    /// <summary>Puts an object and tells its version.</summary>
    public async Task<string?> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        if (content.Length > _partSize)
        {
            return await UploadAsync(
                key,
                request => SetProperties(request.Metadata, properties),
                condition,
                (upload, token) => SendPartsAsync(upload, content, token),
                (found, parts) => IsOf(found, content, properties, condition) && VersionOf(parts) is { } own && found.ETag?.Trim('"') == own,
                cancellationToken).ConfigureAwait(false);
        }

        await LookAsync(key, condition, cancellationToken).ConfigureAwait(false);
        return await WriteAsync(
            key,
            condition,
            async (ifMatch, ifNoneMatch) =>
            {
                content.Position = 0;
                var request = new PutObjectRequest
                {
                    BucketName = _bucket,
                    Key = key,
                    InputStream = content,
                    AutoCloseStream = false,
                    IfMatch = ifMatch,
                    IfNoneMatch = ifNoneMatch,
                };
                SetProperties(request.Metadata, properties);
                return (await client.PutObjectAsync(request, cancellationToken).ConfigureAwait(false)).ETag;
            },
            async found => IsOf(found, content, properties, condition)
                && found.ETag?.Trim('"') == Convert.ToHexStringLower(await ContentHash.OfAsync(content, cancellationToken).ConfigureAwait(false)),
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes an object of parts, or leaves nothing of it.</summary>
    public async Task<string?> UploadAsync(
        string key,
        Action<InitiateMultipartUploadRequest> describe,
        ObjectCondition condition,
        Func<Upload, CancellationToken, Task<List<PartETag>>> send,
        Func<GetObjectMetadataResponse, List<PartETag>, bool> isOwn,
        CancellationToken cancellationToken)
    {
        var begin = new InitiateMultipartUploadRequest { BucketName = _bucket, Key = key };
        describe(begin);
        var upload = new Upload(key, (await client.InitiateMultipartUploadAsync(begin, cancellationToken).ConfigureAwait(false)).UploadId);
        var isDone = false;
        try
        {
            var parts = await send(upload, cancellationToken).ConfigureAwait(false);
            await LookAsync(key, condition, cancellationToken).ConfigureAwait(false);
            var version = await WriteAsync(
                key,
                condition,
                async (ifMatch, ifNoneMatch) => (await client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = _bucket,
                        Key = key,
                        UploadId = upload.Id,
                        PartETags = parts,
                        IfMatch = ifMatch,
                        IfNoneMatch = ifNoneMatch,
                    },
                    cancellationToken).ConfigureAwait(false)).ETag,
                found => Task.FromResult(isOwn(found, parts)),
                cancellationToken).ConfigureAwait(false);
            isDone = true;
            return version;
        }
        finally
        {
            if (!isDone)
            {
                await AbortAsync(upload).ConfigureAwait(false);
            }
        }
    }

    private static void SetProperties(MetadataCollection metadata, string? properties)
    {
        if (properties is not null)
        {
            metadata.Add(S3Metadata.Name, properties);
        }
    }

    /// <summary>
    /// Whether an object may be what was to be put, but for its data. Whoever makes one that should be absent must know it by its properties, in which each
    /// file has a number of its own: another may have put the same data.
    /// </summary>
    private static bool IsOf(GetObjectMetadataResponse found, Stream content, string? properties, ObjectCondition condition) =>
        found.ContentLength == content.Length && S3Metadata.PropertiesOf(found) == properties && (properties is not null || !condition.IsAbsent);

    /// <summary>Of an upload in parts: the hash of their hashes. Null where the server's versions of parts are none.</summary>
    private static string? VersionOf(List<PartETag> parts)
    {
        var hashes = string.Concat(parts.Select(static part => part.ETag.Trim('"')));
        return hashes.Length == 32 * parts.Count && hashes.All(char.IsAsciiHexDigit)
            ? $"{Convert.ToHexStringLower(ContentHash.Of(Convert.FromHexString(hashes)))}-{parts.Count}" : null;
    }

    private async Task<List<PartETag>> SendPartsAsync(Upload upload, Stream content, CancellationToken cancellationToken) => [.. await _parts.SendAsync(
        content,
        async (number, part, token) =>
        {
            var response = await client.UploadPartAsync(
                new UploadPartRequest
                {
                    BucketName = _bucket,
                    Key = upload.Key,
                    UploadId = upload.Id,
                    PartNumber = number,
                    PartSize = part.Length,
                    InputStream = part,
                },
                token).ConfigureAwait(false);
            return new PartETag(number, response.ETag);
        },
        cancellationToken).ConfigureAwait(false)];

    /// <summary>Refuses what must not be replaced, as far as a look shows it.</summary>
    private async Task LookAsync(string key, ObjectCondition condition, CancellationToken cancellationToken)
    {
        // Who makes an object that should be absent has looked already, unless the server would not tell.
        var isNeeded = condition.IsAbsent ? _knowsNoConditions : condition.Version is not null && (_looks || _knowsNoConditions);
        if (isNeeded && !await HoldsAsync(key, condition, cancellationToken).ConfigureAwait(false))
        {
            throw new AmazonS3Exception("Another object is there.") { StatusCode = HttpStatusCode.PreconditionFailed, ErrorCode = "PreconditionFailed" };
        }
    }

    private async Task<bool> HoldsAsync(string key, ObjectCondition condition, CancellationToken cancellationToken) =>
        (await head(key[_prefix..], cancellationToken).ConfigureAwait(false))?.ETag == condition.Version;

    private async Task<string?> WriteAsync(
        string key,
        ObjectCondition condition,
        Func<string?, string?, Task<string?>> write,
        Func<GetObjectMetadataResponse, Task<bool>> isOwn,
        CancellationToken cancellationToken)
    {
        string? version;
        try
        {
            version = await WriteConditionallyAsync(key, condition, write, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failures.IsConflict(e) || e.ErrorCode == "NoSuchUpload")
        {
            // The answer to an attempt may have been lost, so that the next one found its own object there.
            var found = await head(key[_prefix..], cancellationToken).ConfigureAwait(false);
            if (found is not null && await isOwn(found).ConfigureAwait(false))
            {
                return found.ETag;
            }

            throw;
        }

        return string.IsNullOrEmpty(version) ? (await head(key[_prefix..], cancellationToken).ConfigureAwait(false))?.ETag : version;
    }

    private async Task<string?> WriteConditionallyAsync(
        string key, ObjectCondition condition, Func<string?, string?, Task<string?>> write, CancellationToken cancellationToken)
    {
        if (_knowsNoConditions || condition == ObjectCondition.None)
        {
            return await write(null, null).ConfigureAwait(false);
        }

        var ifNoneMatch = condition.IsAbsent ? "*" : null;
        var isUnquoted = _unquoted;
        try
        {
            return await write(isUnquoted ? condition.Version?.Trim('"') : condition.Version, ifNoneMatch).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.NotImplemented)
        {
            if (!_knowsNoConditions)
            {
                _knowsNoConditions = true;
                S3Log.NoConditions(logger, _bucket);
            }

            await LookAsync(key, condition, cancellationToken).ConfigureAwait(false);
            return await write(null, null).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.PreconditionFailed && !isUnquoted && condition.Version is { } version && version.StartsWith('"'))
        {
            // Refused although it is the version that is there?
            if (!await HoldsAsync(key, condition, cancellationToken).ConfigureAwait(false))
            {
                throw;
            }

            var written = await write(version.Trim('"'), null).ConfigureAwait(false);
            _unquoted = true;
            return written;
        }
    }

    private async Task AbortAsync(Upload upload)
    {
        using var limit = new CancellationTokenSource(AbortLimit);
        try
        {
            await client.AbortMultipartUploadAsync(_bucket, upload.Key, upload.Id, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (S3Failures.IsExpected(e, CancellationToken.None))
        {
            S3Log.PartsLeft(logger, _bucket, upload.Key, e.Message.TrimEnd('.'));
        }
    }

    /// <summary>An upload in parts under way.</summary>
    internal readonly record struct Upload(string Key, string Id);
}
