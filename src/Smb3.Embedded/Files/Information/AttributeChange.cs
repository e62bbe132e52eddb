using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Information;

/// <summary>Runs the store calls that change an attribute which SET_INFO cannot: compressed, or a reparse point.</summary>
internal static class AttributeChange
{
    public static async ValueTask<NtStatus> ChangeAttributeAsync(this FileOpen open, Func<ValueTask<NtStatus>> change)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
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
