using Smb3.Embedded.Nt;
using Smb3.Embedded.Threading;

namespace Smb3.Embedded.Files.Listing;

/// <summary>
/// One QUERY_DIRECTORY in progress. While it exists no other query moves the cursor, and the close of the open waits.
/// </summary>
internal readonly struct DirectoryQuery(DirectoryCursor cursor, FileOpen open, AsyncMutex.Turn turn) : IDisposable
{
    /// <summary>The entry that <see cref="PeekAsync"/> found.</summary>
    public DirectoryEntry Current => cursor.Current;

    /// <summary>Finds the next entry: success, NO_SUCH_FILE when none matches at all, NO_MORE_FILES at the end.</summary>
    public ValueTask<NtStatus> PeekAsync(CancellationToken cancellationToken) => cursor.PeekAsync(cancellationToken);

    /// <summary>Moves past <see cref="Current"/>; without it the entry comes again.</summary>
    public void Advance() => cursor.Advance();

    /// <summary>Lets the next query go on. Called once.</summary>
    public void Dispose()
    {
        turn.Dispose();
        open.Exit();
    }
}
