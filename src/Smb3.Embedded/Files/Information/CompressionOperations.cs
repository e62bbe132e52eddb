using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>Compression.</summary>
internal static class CompressionOperations
{
    /// <summary>Whether the file is stored compressed (MS-FSA 2.1.5.10.9).</summary>
    public static async ValueTask<NtResult<bool>> GetCompressedAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        var metadata = await open.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        return metadata.Succeeded ? (metadata.Value.Attributes & FileAttributes.Compressed) != 0 : metadata.Status;
    }

    /// <summary>
    /// Sets whether the file, or everything made in the directory from now on, is stored compressed (MS-FSA 2.1.5.10.30).
    /// </summary>
    public static ValueTask<NtStatus> SetCompressedAsync(this FileOpen open, bool compressed, CancellationToken cancellationToken) =>
        open.ChangeAttributeAsync(() => open.Handle is ICompressibleFile file
            ? file.SetCompressedAsync(compressed, cancellationToken)
            : new(NtStatus.InvalidDeviceRequest));
}
