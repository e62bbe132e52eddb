using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Data;

/// <summary>Makes written data safe (MS-FSA 2.1.5.7).</summary>
internal static class FlushOperation
{
    /// <summary>Makes everything that was written safe.</summary>
    public static async ValueTask<NtStatus> FlushAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        // MS-SMB2 3.3.5.11; a directory may be flushed by any open that may add to it.
        if (!open.HasAny(FileAccessMask.WriteData | FileAccessMask.AppendData))
        {
            return NtStatus.AccessDenied;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return await open.FlushSharedAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }
}
