using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Smb3.Embedded.Sqlite;

/// <summary>Says what is wrong with a state file in the words of whoever runs the server.</summary>
internal static class StateFileProblems
{
    private const string StartAgain =
        "Stop the server and put a copy back, or move the file away together with those of its name that end with -wal and -shm; "
        + "the server then begins with an empty one, and clients open their files again.";

    public static SqliteStateException Explain(string file, SqliteException cause) => cause.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => new(
            SqliteStateProblem.Locked,
            $"The state file '{file}' is locked by another program, such as a backup or the sqlite3 shell. End what that program does to it.",
            cause),
        raw.SQLITE_FULL => new(
            SqliteStateProblem.DiskFull, $"There is no space left for the state file '{file}'. Make room on its disk.", cause),
        raw.SQLITE_CORRUPT => new(SqliteStateProblem.Damaged, $"The state file '{file}' is damaged. {StartAgain}", cause),
        raw.SQLITE_NOTADB => new(
            SqliteStateProblem.NotAStateFile,
            $"'{file}' is not a state file: it is no SQLite database. Name another file. If it was a state file, it is damaged. {StartAgain}",
            cause),
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_CANTOPEN or raw.SQLITE_AUTH => ReadOnly(file, cause),
        raw.SQLITE_IOERR => new(
            SqliteStateProblem.Other,
            $"The disk of the state file '{file}' failed ({cause.Message}). Look at the system's log; the file belongs on a sound local disk.",
            cause),
        _ => new(SqliteStateProblem.Other, $"The state file '{file}' cannot be used: {cause.Message}", cause),
    };

    public static SqliteStateException ReadOnly(string file, Exception cause) => new(
        SqliteStateProblem.ReadOnly,
        $"The state file '{file}' cannot be written. The server's user needs the right to write the file and its folder (SQLite makes two more "
        + "files beside it), and the file system must not be mounted read-only.",
        cause);

    public static SqliteStateException NotAStateFile(string file, string why) => new(
        SqliteStateProblem.NotAStateFile, $"'{file}' is not a state file: {why}. Name another file.");

    public static SqliteStateException TooNew(string file, long version, long known) => new(
        SqliteStateProblem.TooNew,
        $"The state file '{file}' has version {version}, and this library knows versions up to {known}. Use the newer library that made it, or name "
        + "another file.");

    public static SqliteStateException NoFolder(string file) => new(
        SqliteStateProblem.Missing, $"The folder of the state file '{file}' does not exist. Make it, writable for the server's user only.");

    public static SqliteStateException Removed(string file) => new(
        SqliteStateProblem.Missing,
        $"The state file '{file}' was removed or renamed while it was used. Put it back, or start the server again to begin with an empty one.");

    public static SqliteStateException NoLog(string file, string mode) => new(
        SqliteStateProblem.Other,
        $"The state file '{file}' cannot have a write-ahead log (its journal mode stays '{mode}'), which needs memory shared by processes. Put it on a "
        + "local disk.");
}
