using Amazon.S3;
using Amazon.S3.Model;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.S3;

/// <summary>
/// The files of an S3 bucket, or of those of its keys that begin with a prefix: a key is a path, and other programs see and make the same objects.
/// </summary>
/// <remarks>
/// The account needs <c>s3:ListBucket</c> on the bucket and <c>s3:GetObject</c>, <c>s3:PutObject</c>, <c>s3:DeleteObject</c> and
/// <c>s3:AbortMultipartUpload</c> on its objects; for a share that is only read, the first two.
/// </remarks>
public sealed class S3FileStore : ObjectFileStore, IReportingStore, IDisposable
{
    private readonly IAmazonS3 _client;
    private readonly bool _ownsClient;
    private readonly string _bucket;
    private readonly string _prefix;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly S3Failures _failures;
    private readonly S3Listing _listing;
    private readonly S3Writer _writer;
    private readonly S3Copier _copier;
    private readonly RememberedProperties? _remembered;

    /// <summary>A store with a client of its own.</summary>
    /// <param name="options">Which bucket, and how.</param>
    /// <param name="logger">Gets what administrators need to know; <see langword="null"/>: nobody.</param>
    /// <exception cref="ArgumentException">An option is wrong.</exception>
    public S3FileStore(S3StoreOptions options, ILogger<S3FileStore>? logger = null)
        : this(null, options, logger)
    {
    }

    /// <summary>A store with a client of the host's, which keeps owning it: the options do not say where the server is, and who asks.</summary>
    /// <param name="client">The client.</param>
    /// <param name="options">Which bucket, and how.</param>
    /// <param name="logger">Gets what administrators need to know; <see langword="null"/>: nobody.</param>
    /// <exception cref="ArgumentException">An option is wrong.</exception>
    public S3FileStore(S3StoreOptions options, IAmazonS3 client, ILogger<S3FileStore>? logger = null)
        : this(client ?? throw new ArgumentNullException(nameof(client)), options, logger)
    {
    }

    private S3FileStore(IAmazonS3? client, S3StoreOptions options, ILogger? logger)
        : base((options ?? throw new ArgumentNullException(nameof(options))).ToObjectOptions(), options.KeepAttributes)
    {
        logger ??= NullLogger.Instance;
        _ownsClient = client is null;
        _client = client ?? S3ClientFactory.Create(options);
        _bucket = options.Bucket;
        _prefix = options.KeyPrefix;
        _timeout = options.Timeout;
        _time = options.Objects.Time;
        _failures = new S3Failures(_bucket, logger);
        _remembered = options.KeepAttributes ? new RememberedProperties(options.RememberedAttributes) : null;
        _listing = new S3Listing(_client, options, _remembered, HeadAsync);
        _writer = new S3Writer(_client, options, HeadAsync, logger);
        _copier = new S3Copier(_client, options, HeadAsync, _writer);
    }

    /// <inheritdoc/>
    public string? Problem => _failures.Problem is { } problem ? $"The bucket {_bucket}: {problem}" : null;

    /// <summary>What is copied by parts, and of which size, which tests make smaller.</summary>
    internal (long MostAtOnce, long PartSize) Copies
    {
        set => _copier.Sizes = value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_ownsClient)
        {
            _client.Dispose();
        }

        _listing.Dispose();
        _writer.Dispose();
    }

    /// <inheritdoc/>
    protected override ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken) =>
        _failures.TryAsync(() => _listing.ReadAsync(query, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken) => _failures.TryAsync(
        async () => await HeadAsync(key, cancellationToken).ConfigureAwait(false) is { } head ? ToEntry(key, head) : (ObjectEntry?)null,
        cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // The client's own limit ends with the headers of the response.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout * 3);
        var read = await _failures.TryAsync(
            async () =>
            {
                var request = new GetObjectRequest
                {
                    BucketName = _bucket,
                    Key = _prefix + key,
                    ByteRange = new ByteRange(offset, offset + buffer.Length - 1),
                    EtagToMatch = version,
                };
                using var response = await _client.GetObjectAsync(request, limit.Token).ConfigureAwait(false);
                return await response.ResponseStream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token)
                    .ConfigureAwait(false);
            },
            cancellationToken,
            static exception => exception is AmazonS3Exception { StatusCode: System.Net.HttpStatusCode.RequestedRangeNotSatisfiable }).ConfigureAwait(false);
        return read;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        _remembered?.Forget(key);
        var put = await _failures.TryAsync(
            async () => new ObjectEntry(
                key,
                content.Length,
                S3Metadata.TimeOf(_time.GetUtcNow().UtcDateTime),
                await _writer.PutAsync(_prefix + key, content, properties, condition, cancellationToken).ConfigureAwait(false),
                properties),
            cancellationToken,
            S3Failures.IsConflict).ConfigureAwait(false);
        return put.Status == NtStatus.FileInvalid && condition.IsAbsent ? NtStatus.ObjectNameCollision : put;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        _remembered?.Forget(key);
        var deleted = await _failures.TryAsync(
            async () => await _client.DeleteObjectAsync(_bucket, _prefix + key, cancellationToken).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
        return deleted.Status == NtStatus.ObjectNameNotFound ? NtStatus.Success : deleted.Status;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry>> SetPropertiesAsync(
        string key, string properties, CancellationToken cancellationToken)
    {
        _remembered?.Forget(key);
        var set = await _failures.TryAsync(
            async () =>
            {
                await _copier.CopyAsync(_prefix + key, _prefix + key, properties, cancellationToken).ConfigureAwait(false);
                return await HeadAsync(key, cancellationToken).ConfigureAwait(false) is { } head ? ToEntry(key, head) : (ObjectEntry?)null;
            },
            cancellationToken).ConfigureAwait(false);
        _remembered?.Forget(key);
        return !set.Succeeded ? set.Status : set.Value ?? (NtResult<ObjectEntry>)NtStatus.ObjectNameNotFound;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtStatus> CopyAsync(string key, string newKey, CancellationToken cancellationToken)
    {
        _remembered?.Forget(newKey);
        return (await _failures.TryAsync(
            async () =>
            {
                await _copier.CopyAsync(_prefix + key, _prefix + newKey, null, cancellationToken).ConfigureAwait(false);
                return true;
            },
            cancellationToken).ConfigureAwait(false)).Status;
    }

    private ObjectEntry ToEntry(string key, GetObjectMetadataResponse head)
    {
        var properties = _remembered is null ? null : S3Metadata.PropertiesOf(head);
        return new(key, head.ContentLength, S3Metadata.TimeOf(head.LastModified), head.ETag, properties);
    }

    /// <summary>What the server knows of an object; null when there is none.</summary>
    private async Task<GetObjectMetadataResponse?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.GetObjectMetadataAsync(_bucket, _prefix + key, cancellationToken).ConfigureAwait(false);
        }
        catch (AmazonS3Exception e) when (S3Failures.IsMissing(e))
        {
            return null;
        }
    }
}
