using System.Buffers.Binary;
using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>
/// Puts blobs: small ones at once, others in blocks. The blob is there when the last request says so, and not before; blocks of an upload that failed
/// are no part of it, and the service drops them after a week.
/// </summary>
internal sealed class AzureWriter(AzureBlobStoreOptions options) : IDisposable
{
    private readonly int _blockSize = options.BlockSize;
    private readonly PartSender _blocks = new(options.BlockSize, options.ParallelBlocks);

    public void Dispose() => _blocks.Dispose();

    /// <summary>Puts a blob and tells its version and its time.</summary>
    public async Task<(ETag Version, DateTimeOffset Time)> PutAsync(
        BlockBlobClient blob, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        var blocks = content.Length > _blockSize ? await SendAsync(blob, content, cancellationToken).ConfigureAwait(false) : null;
        try
        {
            var put = await WriteAsync(blob, content, blocks, properties, condition, cancellationToken).ConfigureAwait(false);
            return (put.ETag, put.LastModified);
        }
        catch (RequestFailedException e) when (AzureFailures.IsConflict(e))
        {
            // The answer to an attempt may have been lost, so that the next one found its own blob there.
            if (await FindOwnAsync(blob, content, blocks, properties, condition, cancellationToken).ConfigureAwait(false) is { } own)
            {
                return (own.ETag, own.LastModified);
            }

            throw;
        }
    }

    private async Task<BlobContentInfo> WriteAsync(
        BlockBlobClient blob, Stream content, string[]? blocks, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        var conditions = new BlobRequestConditions
        {
            IfNoneMatch = condition.IsAbsent ? ETag.All : null,
            IfMatch = condition.Version is { } version ? BlobVersion.ToTag(version) : null,
        };
        var metadata = AzureMetadata.Of(properties);
        if (blocks is not null)
        {
            return await blob.CommitBlockListAsync(
                blocks, new CommitBlockListOptions { Metadata = metadata, Conditions = conditions }, cancellationToken).ConfigureAwait(false);
        }

        content.Position = 0;
        return await blob.UploadAsync(
            content,
            new BlobUploadOptions
            {
                Metadata = metadata,
                Conditions = conditions,

                // What is shorter than this goes at once.
                TransferOptions = new StorageTransferOptions { InitialTransferSize = _blockSize + 1L, MaximumConcurrency = 1 },
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// What is there, if it is what was to be put: of the same blocks, whose names nobody else has, or of the same data. Whoever makes a blob that should be
    /// absent must know it by its properties too, in which each file has a number of its own: another may have put the same data.
    /// </summary>
    private static async Task<BlobProperties?> FindOwnAsync(
        BlockBlobClient blob, Stream content, string[]? blocks, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        BlobProperties found;
        try
        {
            found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            if (found.ContentLength != content.Length || AzureMetadata.PropertiesOf(found.Metadata) != properties || (properties is null && condition.IsAbsent))
            {
                return null;
            }

            if (blocks is not null)
            {
                BlockList committed = await blob.GetBlockListAsync(
                    BlockListTypes.Committed, cancellationToken: cancellationToken).ConfigureAwait(false);
                return committed.CommittedBlocks.Select(static block => block.Name).SequenceEqual(blocks) ? found : null;
            }
        }
        catch (RequestFailedException e) when (AzureFailures.IsMissing(e))
        {
            return null;
        }

        var hash = await ContentHash.OfAsync(content, cancellationToken).ConfigureAwait(false);
        return hash.AsSpan().SequenceEqual(found.ContentHash) ? found : null;
    }

    /// <summary>Blocks have names of this upload alone: two of the same blob may be under way, here and elsewhere.</summary>
    private Task<string[]> SendAsync(BlockBlobClient blob, Stream content, CancellationToken cancellationToken)
    {
        var upload = RandomNumberGenerator.GetBytes(16);
        return _blocks.SendAsync(
            content,
            async (number, block, token) =>
            {
                var name = new byte[upload.Length + sizeof(int)];
                upload.CopyTo(name, 0);
                BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(upload.Length), number);
                var id = Convert.ToBase64String(name);
                await blob.StageBlockAsync(id, block, cancellationToken: token).ConfigureAwait(false);
                return id;
            },
            cancellationToken);
    }
}
