using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Information;

/// <summary>Changes to the kind of file, which its attributes show.</summary>
internal static class NatureChange
{
    public static async ValueTask<NtStatus> ChangeNatureAsync(this FileOpen open, Func<ValueTask<NtStatus>> change)
    {
        if (!open.TryEnter())
        {
            return NtStatus.FileClosed;
        }

        try
        {
            var status = await change().ConfigureAwait(false);
            if (status == NtStatus.Success)
            {
                await open.Volume.RaiseModifiedAsync(open, ChangeFilter.Attributes).ConfigureAwait(false);
            }

            return status;
        }
        finally
        {
            open.Exit();
        }
    }
}
