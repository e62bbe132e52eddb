using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>
/// The files of a container of Azure blobs, or of those whose names begin with a prefix: a name is a path, and other programs see and make the same blobs.
/// </summary>
/// <remarks>
/// Files are block blobs. Page and append blobs of others are read, renamed and deleted, and their data cannot be changed (ACCESS_DENIED). A blob on which
/// another has a lease cannot be changed meanwhile (SHARING_VIOLATION). What is deleted goes with its snapshots.
/// </remarks>
public sealed class AzureBlobFileStore : ObjectFileStore, IReportingStore, IDisposable
{
    private readonly BlobContainerClient _client;
    private readonly string _prefix;
    private readonly TimeSpan _timeout;
    private readonly bool _keepsAttributes;
    private readonly AzureFailures _failures;
    private readonly AzureListing _listing;
    private readonly AzureWriter _writer;
    private readonly AzureCopier _copier;

    /// <summary>A store with a client of its own.</summary>
    /// <param name="options">Which container, and how.</param>
    /// <param name="logger">Gets what administrators need to know; <see langword="null"/>: nobody.</param>
    /// <exception cref="ArgumentException">An option is wrong.</exception>
    public AzureBlobFileStore(AzureBlobStoreOptions options, ILogger<AzureBlobFileStore>? logger = null)
        : this(null, options, logger)
    {
    }

    /// <summary>A store with a client of the host's: the options do not say which container it is, and who asks.</summary>
    /// <param name="options">How the container is used.</param>
    /// <param name="client">The client of the container, with <see cref="BlobClientOptions.TrimBlobNameSlashes"/> off.</param>
    /// <param name="logger">Gets what administrators need to know; <see langword="null"/>: nobody.</param>
    /// <exception cref="ArgumentException">An option is wrong, or the client trims slashes.</exception>
    public AzureBlobFileStore(AzureBlobStoreOptions options, BlobContainerClient client, ILogger<AzureBlobFileStore>? logger = null)
        : this(client ?? throw new ArgumentNullException(nameof(client)), options, logger)
    {
    }

    private AzureBlobFileStore(BlobContainerClient? client, AzureBlobStoreOptions options, ILogger? logger)
        : base((options ?? throw new ArgumentNullException(nameof(options))).ToObjectOptions(), options.KeepAttributes)
    {
        logger ??= NullLogger.Instance;
        _client = client ?? AzureClientFactory.Create(options);
        if (!_client.GetBlobClient("a/").Name.EndsWith('/'))
        {
            throw new ArgumentException(
                "The client takes the slash off the names of folders: make it with BlobClientOptions.TrimBlobNameSlashes = false.", nameof(client));
        }

        _prefix = options.KeyPrefix;
        _timeout = options.Timeout;
        _keepsAttributes = options.KeepAttributes;
        _failures = new AzureFailures(_client.Name, logger);
        _listing = new AzureListing(_client, options, LookAsync);
        _writer = new AzureWriter(options);
        _copier = new AzureCopier(_client.Name, options.Objects.Time, logger);
    }

    /// <inheritdoc/>
    public string? Problem => _failures.Problem is { } problem ? $"The container {_client.Name}: {problem}" : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        _listing.Dispose();
        _writer.Dispose();
    }

    /// <inheritdoc/>
    protected override ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken) =>
        _failures.TryAsync(() => _listing.ReadAsync(query, cancellationToken), cancellationToken);

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken) =>
        !BlobNames.IsPossible(NameOf(key)) ? new NtResult<ObjectEntry?>((ObjectEntry?)null) : await _failures.TryAsync(
            async () => await LookAsync(key, cancellationToken).ConfigureAwait(false) is { } found ? ToEntry(key, found) : (ObjectEntry?)null,
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // The client's own limit is one for each piece of the data.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeout * 3);
        return await _failures.TryAsync(
            async () =>
            {
                var options = new BlobDownloadOptions
                {
                    Range = new HttpRange(offset, buffer.Length),
                    Conditions = version is null ? null : new BlobRequestConditions { IfMatch = BlobVersion.ToTag(version) },
                };
                using BlobDownloadStreamingResult result = await BlobOf(key).DownloadStreamingAsync(options, limit.Token).ConfigureAwait(false);
                return await result.Content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limit.Token).ConfigureAwait(false);
            },
            cancellationToken,
            static exception => AzureFailures.IsConflict(exception) || exception is RequestFailedException { Status: 416 }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        if (!BlobNames.IsPossible(NameOf(key)))
        {
            return NtStatus.ObjectNameInvalid;
        }

        if (BlobVersion.IsForeign(condition.Version))
        {
            return NtStatus.AccessDenied;
        }

        var put = await _failures.TryAsync(
            async () =>
            {
                var (version, time) = await _writer.PutAsync(BlobOf(key), content, properties, condition, cancellationToken).ConfigureAwait(false);
                return new ObjectEntry(key, content.Length, time, BlobVersion.Of(version, BlobType.Block), properties);
            },
            cancellationToken,
            AzureFailures.IsConflict).ConfigureAwait(false);
        return put.Status != NtStatus.FileInvalid ? put
            : condition.IsAbsent ? NtStatus.ObjectNameCollision
            : put;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var deleted = await _failures.TryAsync(
            () => BlobOf(key).DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: cancellationToken), cancellationToken).ConfigureAwait(false);
        return deleted.Status == NtStatus.ObjectNameNotFound ? NtStatus.Success : deleted.Status;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtResult<ObjectEntry>> SetPropertiesAsync(
        string key, string properties, CancellationToken cancellationToken)
    {
        var set = await _failures.TryAsync(
            async () =>
            {
                if (await LookAsync(key, cancellationToken).ConfigureAwait(false) is not { } found)
                {
                    return (ObjectEntry?)null;
                }

                BlobInfo info = await BlobOf(key).SetMetadataAsync(
                    AzureMetadata.With(found.Metadata, properties), new BlobRequestConditions { IfMatch = found.ETag }, cancellationToken).ConfigureAwait(false);
                return new ObjectEntry(key, found.ContentLength, info.LastModified, BlobVersion.Of(info.ETag, found.BlobType), properties);
            },
            cancellationToken,
            AzureFailures.IsConflict).ConfigureAwait(false);
        return !set.Succeeded ? set.Status : set.Value ?? (NtResult<ObjectEntry>)NtStatus.ObjectNameNotFound;
    }

    /// <inheritdoc/>
    protected override async ValueTask<NtStatus> CopyAsync(string key, string newKey, CancellationToken cancellationToken)
    {
        if (!BlobNames.IsPossible(NameOf(newKey)))
        {
            return NtStatus.ObjectNameInvalid;
        }

        var copied = await _failures.TryAsync(
            async () => await LookAsync(key, cancellationToken).ConfigureAwait(false) is not { } found ? NtStatus.ObjectNameNotFound
                : await _copier.CopyAsync(BlobOf(key), BlobOf(newKey), found, cancellationToken).ConfigureAwait(false) ? NtStatus.Success
                : NtStatus.NotSupported,
            cancellationToken,
            AzureFailures.IsConflict).ConfigureAwait(false);
        return copied.Succeeded ? copied.Value : copied.Status;
    }

    private string NameOf(string key) => BlobNames.Swap(_prefix + key);

    private BlockBlobClient BlobOf(string key) => _client.GetBlockBlobClient(NameOf(key));

    private ObjectEntry ToEntry(string key, BlobProperties found) => new(
        key,
        found.ContentLength,
        found.LastModified,
        BlobVersion.Of(found.ETag, found.BlobType),
        _keepsAttributes ? AzureMetadata.PropertiesOf(found.Metadata) : null);

    /// <summary>What the server knows of a blob; null when there is none.</summary>
    private async Task<BlobProperties?> LookAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await BlobOf(key).GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (AzureFailures.IsMissing(e))
        {
            return null;
        }
    }
}
