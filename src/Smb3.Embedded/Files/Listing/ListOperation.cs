using Smb3.Embedded.Files.Listing;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Listing;

/// <summary>Begins or continues the listing of a directory.</summary>
internal static class ListOperation
{
    /// <summary>Begins or continues the listing of this directory (MS-FSA 2.1.5.6.3).</summary>
    /// <param name="open">The open.</param>
    /// <param name="pattern">The expression; only that of the first query, or of one with <paramref name="reopen"/>, counts.</param>
    /// <param name="restart">SMB2_RESTART_SCANS.</param>
    /// <param name="reopen">SMB2_REOPEN.</param>
    /// <param name="after">SMB2_INDEX_SPECIFIED: the index of the entry after which it continues.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The query, to be disposed; or INVALID_PARAMETER for a file, ACCESS_DENIED, OBJECT_NAME_INVALID.</returns>
    public static async ValueTask<NtResult<DirectoryQuery>> QueryDirectoryAsync(
        this FileOpen open, string pattern, bool restart, bool reopen, uint? after, CancellationToken cancellationToken)
    {
        if (!open.IsDirectory)
        {
            return NtStatus.InvalidParameter; // MS-SMB2 3.3.5.18
        }

        if (!open.HasAny(FileAccessMask.ListDirectory))
        {
            return NtStatus.AccessDenied;
        }

        if (!await open.EnterAsync().ConfigureAwait(false))
        {
            return NtStatus.FileClosed;
        }

        AsyncMutex.Turn? turn = null;
        var handedOn = false;
        try
        {
            turn = await open.Queries.EnterAsync(cancellationToken).ConfigureAwait(false);
            var cursor = (DirectoryCursor)(open.Cursor ??= new DirectoryCursor(open));
            var status = await cursor.StartAsync(pattern, restart, reopen, after, cancellationToken).ConfigureAwait(false);
            if (status != NtStatus.Success)
            {
                return status;
            }

            handedOn = true;
            return new DirectoryQuery(cursor, open, turn.Value);
        }
        finally
        {
            if (!handedOn)
            {
                turn?.Dispose();
                open.Exit();
            }
        }
    }
}
