using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Apple;

namespace Smb3.Embedded.Files.Information;

/// <summary>Named streams.</summary>
internal static class StreamQuery
{
    /// <summary>The named streams of the file (MS-FSA 2.1.5.12.29).</summary>
    public static async ValueTask<NtResult<IReadOnlyList<StoreStreamEntry>>> ListStreamsAsync(
        this FileOpen open, CancellationToken cancellationToken)
    {
        if (open.Handle is not IStreamedFile || !open.Volume.Store.Traits.Has(StoreAbilities.NamedStreams))
        {
            return new NtResult<IReadOnlyList<StoreStreamEntry>>([]);
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Handle is not IStreamedFile file)
            {
                return NtStatus.FileClosed;
            }

            var listed = await file.ListStreamsAsync(cancellationToken).ConfigureAwait(false);
            return listed.Succeeded && open.Volume.Options.ServesMacs && listed.Value.Any(IsNothing)
                ? new NtResult<IReadOnlyList<StoreStreamEntry>>([.. listed.Value.Where(stream => !IsNothing(stream))])
                : listed;
        }
        finally
        {
            open.Exit();
        }
    }

    private static bool IsNothing(StoreStreamEntry stream) => stream.Length == 0 && AfpStream.MeansNothingEmpty(stream.Name);
}
