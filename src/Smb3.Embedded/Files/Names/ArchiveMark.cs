using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Names;

/// <summary>The mark for the next backup.</summary>
internal static class ArchiveMark
{
    /// <summary>NTFS marks renamed and written files for the next backup.</summary>
    public static async ValueTask ArchiveAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (open.IsDirectory || !open.Volume.Store.Traits.Has(StoreAbilities.DosAttributes))
        {
            return;
        }

        var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (metadata.Succeeded && !metadata.Value.IsDirectory && (metadata.Value.Attributes & FileAttributes.Archive) == 0)
        {
            var attributes = metadata.Value.Attributes | FileAttributes.Archive;
            var keep = metadata.Value.ChangeTime;
            await open.Handle.SetMetadataAsync(new FileMetadataChange { Attributes = attributes, ChangeTime = keep }, cancellationToken)
                .ConfigureAwait(false);
        }
    }
}
