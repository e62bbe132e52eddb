using Smb3.Embedded.Files.Access;
using Smb3.Embedded.Files.Data;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Copying;

/// <summary>The first half of a copy by token: the client names data.</summary>
internal static class OffloadReadOperation
{
    public const FileAttributes NotOffloaded = FileAttributes.SparseFile | FileAttributes.Compressed | FileAttributes.Encrypted;

    /// <summary>Records what a range holds now (MS-FSA 2.1.5.10.20).</summary>
    /// <param name="open">The open.</param>
    /// <param name="offset">Where it begins: at a sector.</param>
    /// <param name="length">Bytes of whole sectors, at least one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The data; or OFFLOAD_READ_FILE_NOT_SUPPORTED, FILE_DELETED, FILE_LOCK_CONFLICT, END_OF_FILE, INVALID_PARAMETER.</returns>
    public static async ValueTask<NtResult<OffloadSource>> OffloadReadAsync(
        this FileOpen open, long offset, long length, CancellationToken cancellationToken)
    {
        if (open.IsDirectory)
        {
            return NtStatus.OffloadReadFileNotSupported;
        }

        if (!open.HasAny(OperationRights.Of(FileOperation.OffloadRead).Open))
        {
            return NtStatus.AccessDenied;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        var source = new OffloadSource(open, offset, length);
        var status = NtStatus.FileClosed;
        try
        {
            // Registered with the file before its state is read: a write that is under way is waited for, and a later one invalidates the
            // range.
            open.File.Watched.Add(source);
            await open.File.Writes.WaitAsync().ConfigureAwait(false);
            status = await open.FixAsync(source, cancellationToken).ConfigureAwait(false);
            return status == NtStatus.Success ? new NtResult<OffloadSource>(source) : status;
        }
        finally
        {
            if (status != NtStatus.Success)
            {
                source.End();
            }

            open.Exit();
        }
    }

    private static async ValueTask<NtStatus> FixAsync(this FileOpen open, OffloadSource source, CancellationToken cancellationToken)
    {
        var metadata = await open.Handle.GetMetadataAsync(cancellationToken).ConfigureAwait(false);
        if (!metadata.Succeeded)
        {
            return metadata.Status;
        }

        if ((metadata.Value.Attributes & NotOffloaded) != 0)
        {
            return NtStatus.OffloadReadFileNotSupported;
        }

        if (open.File.IsStreamDeletePending)
        {
            return NtStatus.FileDeleted;
        }

        if (!open.Permits(source.Offset, source.Length, write: false))
        {
            return NtStatus.FileLockConflict;
        }

        if (source.Offset >= metadata.Value.Length)
        {
            return NtStatus.EndOfFile;
        }

        var sector = open.Volume.Store.Traits.SectorSize;
        if (metadata.Value.Length < sector)
        {
            return NtStatus.InvalidParameter; // MS-FSCC 2.3.42
        }

        source.Fix(metadata.Value, sector);
        return NtStatus.Success;
    }
}
