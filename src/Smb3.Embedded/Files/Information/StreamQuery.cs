using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>Named streams.</summary>
internal static class StreamQuery
{
    /// <summary>The named streams of the file (MS-FSA 2.1.5.12.29).</summary>
    public static async ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(
        this FileOpen open, CancellationToken cancellationToken)
    {
        if (open.Handle is not IStreamedFile file || !open.Volume.Store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return new NtResult<IReadOnlyList<StoreStreamEntry>>([]);
        }

        if (!open.TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await file.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }
}
