using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Information;

/// <summary>Reparse points.</summary>
internal static class ReparseOperations
{
    /// <summary>The data of the reparse point that is open (MS-FSA 2.1.5.10.14).</summary>
    public static async ValueTask<NtResult<ReadOnlyMemory<byte>>> GetReparsePointAsync(
        this FileOpen open, CancellationToken cancellationToken)
    {
        if (open.Handle is not IReparseFile)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (open.File.IsStream)
        {
            return NtStatus.NotAReparsePoint;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        try
        {
            return open.Handle is IReparseFile file
                ? await file.GetReparsePointAsync(cancellationToken).ConfigureAwait(false)
                : NtStatus.NotAReparsePoint;
        }
        finally
        {
            open.Exit();
        }
    }

    /// <summary>Turns the file into a reparse point, or changes the data of one (MS-FSA 2.1.5.10.37).</summary>
    /// <param name="open">The open.</param>
    /// <param name="point">A whole REPARSE_DATA_BUFFER, already checked in itself.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> SetReparsePointAsync(
        this FileOpen open, ReparsePoint point, CancellationToken cancellationToken)
    {
        if (open.Handle is not IReparseFile)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        if (open.File.IsStream || open.Path.IsRoot)
        {
            return NtStatus.InvalidParameter;
        }

        if (point.Tag == ReparsePoint.MountPoint && !open.IsDirectory)
        {
            return NtStatus.NotADirectory;
        }

        var old = await open.GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        if (old.Succeeded)
        {
            var status = point.CheckReplaces(new ReparsePoint(old.Value));
            if (status != NtStatus.Success)
            {
                return status;
            }
        }
        else if (old.Status != NtStatus.NotAReparsePoint)
        {
            return old.Status;
        }

        if (open.IsDirectory && !await open.IsEmptyAsync(cancellationToken).ConfigureAwait(false))
        {
            return NtStatus.DirectoryNotEmpty;
        }

        return await open.ChangeAttributeAsync(() => !open.File.IsStream && open.Handle is IReparseFile file
            ? file.SetReparsePointAsync(point.Buffer, cancellationToken)
            : new(NtStatus.InvalidParameter)).ConfigureAwait(false);
    }

    /// <summary>Turns the reparse point back into an ordinary file (MS-FSA 2.1.5.10.3).</summary>
    /// <param name="open">The open.</param>
    /// <param name="point">Names the tag, and the owner of the tag.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async ValueTask<NtStatus> DeleteReparsePointAsync(
        this FileOpen open, ReparsePoint point, CancellationToken cancellationToken)
    {
        if (open.Handle is not IReparseFile)
        {
            return NtStatus.InvalidDeviceRequest;
        }

        var old = await open.GetReparsePointAsync(cancellationToken).ConfigureAwait(false);
        if (!old.Succeeded)
        {
            return old.Status;
        }

        var status = point.CheckReplaces(new ReparsePoint(old.Value));
        return status != NtStatus.Success
            ? status
            : await open.ChangeAttributeAsync(() => !open.File.IsStream && open.Handle is IReparseFile file
                ? file.DeleteReparsePointAsync(cancellationToken)
                : new(NtStatus.NotAReparsePoint)).ConfigureAwait(false);
    }

    private static async ValueTask<bool> IsEmptyAsync(this FileOpen open, CancellationToken cancellationToken)
    {
        var listed = await open.Handle.ListAsync(cancellationToken).ConfigureAwait(false);
        if (!listed.Succeeded)
        {
            return false;
        }

        var listing = listed.Value;
        await using var listingUse = listing.ConfigureAwait(false);
        var read = await listing.ReadAsync(new StoreEntry[1], cancellationToken).ConfigureAwait(false);
        return read is { Succeeded: true, Value: 0 };
    }
}
