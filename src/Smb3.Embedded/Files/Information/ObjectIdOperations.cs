using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>Object ids.</summary>
internal static class ObjectIdOperations
{
    /// <summary>The object id's buffer; empty when the file has none.</summary>
    public static async ValueTask<NtResult<ReadOnlyMemory<byte>>> GetObjectIdAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Handle is not IObjectIdFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            return await file.GetObjectIdAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>Stores an object id's buffer; an empty one removes it.</summary>
    public static async ValueTask<NtStatus> SetObjectIdAsync(
        this FileOpen open, ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            if (open.Handle is not IObjectIdFile file)
            {
                return NtStatus.InvalidDeviceRequest;
            }

            return await file.SetObjectIdAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            open.Exit();
        }
    }
}
