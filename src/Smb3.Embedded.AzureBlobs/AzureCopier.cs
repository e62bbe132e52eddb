using Azure;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Blobs.Models;
using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>
/// Has the service copy blobs, data and all, of any type and length. Within one account that is done at once as a rule; where it is not, the copy stands
/// there without its data, and is waited for.
/// </summary>
internal sealed class AzureCopier(string container, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan CleanUpLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    /// <summary>Copies a blob with what else it carries. False: the service could not read the source by what the client has, and nothing was done.</summary>
    public async Task<bool> CopyAsync(BlobBaseClient source, BlobBaseClient target, BlobProperties properties, CancellationToken cancellationToken)
    {
        var options = new BlobCopyFromUriOptions
        {
            SourceConditions = new BlobRequestConditions { IfMatch = properties.ETag },
            AccessTier = properties is { BlobType: BlobType.Block, AccessTierInferred: false, AccessTier: { Length: > 0 } tier } && tier != "Archive"
                ? new AccessTier(tier) : (AccessTier?)null,
        };
        CopyFromUriOperation copy;
        try
        {
            copy = await target.StartCopyFromUriAsync(source.Uri, options, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException e) when (e.ErrorCode is "CannotVerifyCopySource" or "CopySourceAuthenticationFailed")
        {
            return false;
        }

        var tag = copy.GetRawResponse().Headers.ETag;
        var isDone = IsSuccess(copy.GetRawResponse());
        try
        {
            for (var wait = TimeSpan.FromMilliseconds(100); !isDone; wait = wait < LongestWait ? wait * 2 : LongestWait)
            {
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
                isDone = await IsThereAsync(target, copy.Id, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            if (!isDone)
            {
                await CleanUpAsync(target, copy.Id, tag).ConfigureAwait(false);
            }
        }

        return true;
    }

    private static bool IsSuccess(Response response) => response.Headers.TryGetValue("x-ms-copy-status", out var status) && status == "success";

    private static async Task<bool> IsThereAsync(BlobBaseClient target, string id, CancellationToken cancellationToken)
    {
        BlobProperties now = await target.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        return now.CopyId != id ? throw new IOException("Another has replaced the copy while it was made")
            : now.BlobCopyStatus switch
            {
                CopyStatus.Success => true,
                CopyStatus.Pending => false,
                _ => throw new IOException($"The server could not copy ({now.CopyStatusDescription})"),
            };
    }

    /// <summary>Removes what a copy that did not end has left.</summary>
    private async Task CleanUpAsync(BlobBaseClient target, string id, ETag? tag)
    {
        using var limit = new CancellationTokenSource(CleanUpLimit, time);
        try
        {
            BlobProperties now = await target.GetPropertiesAsync(cancellationToken: limit.Token).ConfigureAwait(false);
            if (now.CopyId != id || now.BlobCopyStatus == CopyStatus.Success)
            {
                return;
            }

            if (now.BlobCopyStatus == CopyStatus.Pending)
            {
                await target.AbortCopyFromUriAsync(id, cancellationToken: limit.Token).ConfigureAwait(false);
                now = await target.GetPropertiesAsync(cancellationToken: limit.Token).ConfigureAwait(false);
            }

            await target.DeleteAsync(conditions: new BlobRequestConditions { IfMatch = now.ETag }, cancellationToken: limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (AzureFailures.IsExpected(e, CancellationToken.None))
        {
            AzureLog.CopyLeft(logger, container, target.Name, e.Message.Split('\n')[0].Trim().TrimEnd('.'));
        }
    }
}
