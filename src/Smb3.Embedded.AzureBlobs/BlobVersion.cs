using Azure;
using Azure.Storage.Blobs.Models;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>
/// Versions as the base compares them: the ETag, marked where the blob is none of blocks. Others append to such a blob or have a disk in it, so that it
/// is read here, copied and deleted, and never replaced by data.
/// </summary>
internal static class BlobVersion
{
    private const char Foreign = '!';

    public static string? Of(ETag? tag, BlobType? type)
    {
        var text = tag?.ToString("H");
        return text is not null && type is not (null or BlobType.Block) ? Foreign + text : text;
    }

    public static bool IsForeign(string? version) => version?.StartsWith(Foreign) == true;

    public static ETag ToTag(string version) => new(version.TrimStart(Foreign));
}
