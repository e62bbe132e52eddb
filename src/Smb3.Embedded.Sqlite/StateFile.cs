using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Smb3.Embedded.State;
using SQLitePCL;

namespace Smb3.Embedded.Sqlite;

/// <summary>A connection to a state file, for one thread at a time.</summary>
internal sealed class StateFile : IDisposable
{
    /// <summary>The version of the schema below, in <c>user_version</c>. A newer library brings an older file up to its own.</summary>
    public const int Version = 1;

    /// <summary>Tells a state file from the databases of other programs: SMB3 in <c>application_id</c>.</summary>
    public const int ApplicationId = 0x534D4233;

    private const string Schema =
        """
        CREATE TABLE scope (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, token INTEGER NOT NULL) STRICT;
        CREATE TABLE record (
          scope INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (scope, key)) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Free pages from which on, when they are also most of the file, it is made smaller at its opening.</summary>
    private const int ManyFreePages = 1024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(5);

    private readonly string _path;
    private readonly SqliteConnection _connection;
    private readonly List<Statement> _statements = [];
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _rollback;
    private readonly Statement _scope;
    private readonly Statement _acquire;
    private readonly Statement _put;
    private readonly Statement _remove;
    private readonly Statement _read;

    private StateFile(string path, SqliteConnection connection)
    {
        _path = path;
        _connection = connection;
        _begin = Prepare("BEGIN IMMEDIATE");
        _commit = Prepare("COMMIT");
        _rollback = Prepare("ROLLBACK");
        _scope = Prepare("SELECT id, token FROM scope WHERE name = ?1");
        _acquire = Prepare(
            "INSERT INTO scope (name, token) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET token = token + 1 RETURNING token");
        _put = Prepare(
            "INSERT INTO record (scope, key, value) VALUES (?1, ?2, ?3) ON CONFLICT (scope, key) DO UPDATE SET value = excluded.value");
        _remove = Prepare("DELETE FROM record WHERE scope = ?1 AND key = ?2");
        _read = Prepare("SELECT key, value FROM record WHERE scope = (SELECT id FROM scope WHERE name = ?1)");
    }

    /// <summary>Opens a state file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="lockTimeout">How long to wait for other programs.</param>
    /// <param name="mayCreate">Whether it is made when it does not exist.</param>
    /// <exception cref="SqliteStateException">It cannot be used.</exception>
    /// <exception cref="SqliteException">SQLite says why not.</exception>
    public static StateFile Open(string path, TimeSpan lockTimeout, bool mayCreate)
    {
        if (!File.Exists(path))
        {
            Create(path, mayCreate);
        }

        // Not pooled: a pooled connection keeps the file open after everybody has let go of it.
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        try
        {
            connection.Open();
            raw.sqlite3_busy_timeout(connection.Handle!, (int)lockTimeout.TotalMilliseconds);
            Identify(path, connection.Handle!);
            KeepLog(path, connection.Handle!, lockTimeout);
            SetUp(connection.Handle!);
            return new StateFile(path, connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Begins a transaction. From here to its end no other process changes anything.</summary>
    public void Begin()
    {
        // Whoever removes the file leaves a connection that goes on writing into what nobody finds again.
        if (!File.Exists(_path))
        {
            throw StateFileProblems.Removed(_path);
        }

        _begin.Run();
    }

    /// <summary>Ends the transaction; what was done in it is on the disk.</summary>
    public void Commit() => _commit.Run();

    /// <summary>Undoes the transaction, if there is one.</summary>
    public void Rollback()
    {
        if (raw.sqlite3_get_autocommit(_connection.Handle!) == 0)
        {
            _rollback.Run();
        }
    }

    /// <summary>Gives a scope a new token, and makes it when it is not there.</summary>
    public long Acquire(string scope)
    {
        try
        {
            _acquire.Bind(1, scope).Step();
            return _acquire.Int64(0);
        }
        finally
        {
            _acquire.Reset();
        }
    }

    /// <summary>The number and the token of a scope; a scope that is not there has no token that anybody could have.</summary>
    public (long Id, long Token) FindScope(string scope)
    {
        try
        {
            return _scope.Bind(1, scope).Step() ? (_scope.Int64(0), _scope.Int64(1)) : default;
        }
        finally
        {
            _scope.Reset();
        }
    }

    public void Change(long scope, StateChange change)
    {
        if (change.Value is { } value)
        {
            _put.Bind(1, scope).Bind(2, change.Key).Bind(3, value.Span).Run();
        }
        else
        {
            _remove.Bind(1, scope).Bind(2, change.Key).Run();
        }
    }

    /// <summary>Reads a scope as it is at the first row.</summary>
    public List<StateRecord> Read(string scope, CancellationToken cancellationToken)
    {
        var records = new List<StateRecord>();
        try
        {
            for (_read.Bind(1, scope); _read.Step();)
            {
                cancellationToken.ThrowIfCancellationRequested();
                records.Add(new StateRecord(_read.Key(0), _read.Value(1)));
            }
        }
        finally
        {
            _read.Reset();
        }

        return records;
    }

    /// <summary>Closes it. Whoever is the last to do so takes the log over into the file.</summary>
    public void Dispose()
    {
        foreach (var statement in _statements)
        {
            statement.Dispose();
        }

        _connection.Dispose();
    }

    /// <summary>
    /// Makes an empty file that only its owner may use; SQLite gives the files beside it the same mode. It syncs the folder itself, with the
    /// first transaction, so that the name survives a loss of power.
    /// </summary>
    private static void Create(string path, bool mayCreate)
    {
        if (Directory.Exists(path))
        {
            throw StateFileProblems.NotAStateFile(path, "it is a folder");
        }

        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            throw StateFileProblems.NoFolder(path);
        }

        if (!mayCreate)
        {
            throw StateFileProblems.Removed(path);
        }

        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            new FileStream(path, options).Dispose();
        }
        catch (IOException) when (File.Exists(path))
        {
            // another process was quicker
        }
        catch (Exception cause) when (cause is UnauthorizedAccessException or IOException)
        {
            throw StateFileProblems.ReadOnly(path, cause);
        }
    }

    /// <summary>Looks whose file it is before anything in it is changed, and fills a new one.</summary>
    private static void Identify(string path, sqlite3 database)
    {
        // The file of another program is not to get even a log, so it is only read at first.
        Execute(database, "BEGIN");
        var isKnown = IsKnown(path, database);
        Execute(database, "COMMIT");
        if (isKnown)
        {
            return;
        }

        Execute(database, "BEGIN IMMEDIATE");
        if (!IsKnown(path, database)) // unless somebody else was quicker
        {
            foreach (var sql in Schema.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            {
                Execute(database, sql);
            }

            Execute(database, $"PRAGMA application_id = {ApplicationId}");
            Execute(database, $"PRAGMA user_version = {Version}");
        }

        Execute(database, "COMMIT");
    }

    /// <summary>Tells a state file from a new one, in a transaction, so that all answers are of one moment.</summary>
    private static bool IsKnown(string path, sqlite3 database)
    {
        var owner = Number(database, "PRAGMA application_id");
        if (owner == 0 && Number(database, "SELECT count(*) FROM sqlite_schema") == 0)
        {
            return false;
        }

        var version = Number(database, "PRAGMA user_version");
        return owner != ApplicationId ? throw StateFileProblems.NotAStateFile(path, "it is the database of another program")
            : version > Version ? throw StateFileProblems.TooNew(path, version, Version)
            : true;
    }

    private static void KeepLog(string path, sqlite3 database, TimeSpan lockTimeout)
    {
        for (var waited = Stopwatch.StartNew(); ; Thread.Sleep(RetryDelay))
        {
            try
            {
                using var mode = new Statement(database, "PRAGMA journal_mode = WAL");
                mode.Step();
                if (mode.Text(0) is not "wal" and var other)
                {
                    throw StateFileProblems.NoLog(path, other);
                }

                return;
            }
            catch (SqliteException cause) when (cause.SqliteErrorCode == raw.SQLITE_BUSY && waited.Elapsed < lockTimeout)
            {
                // Others open the new file too: for the lock that this takes, SQLite does not wait.
            }
        }
    }

    private static void SetUp(sqlite3 database)
    {
        Execute(database, "PRAGMA synchronous = FULL");
        Execute(database, "PRAGMA fullfsync = ON"); // macOS: fsync alone leaves data in the disk's cache
        Execute(database, "PRAGMA checkpoint_fullfsync = ON");
        Execute(database, "PRAGMA trusted_schema = OFF");
        Execute(database, "PRAGMA temp_store = MEMORY");

        // SQLite takes the log over into the file with the commit that makes it longer than 1000 pages, and begins it anew; what one large
        // transaction made longer is cut off then.
        Execute(database, $"PRAGMA journal_size_limit = {16 << 20}");
    }

    /// <summary>
    /// Gives space back that most of the file does not need any more. Only at the opening: it takes as long as what is left is large, and
    /// a running server reuses the space.
    /// </summary>
    public void Shrink()
    {
        var free = Number(_connection.Handle!, "PRAGMA freelist_count");
        if (free >= ManyFreePages && free > Number(_connection.Handle!, "PRAGMA page_count") / 2)
        {
            try
            {
                Execute(_connection.Handle!, "VACUUM");
            }
            catch (SqliteException cause) when (cause.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL)
            {
                // others use it, or there is no room for a copy: it stays as it is
            }
        }
    }

    private static long Number(sqlite3 database, string sql)
    {
        using var statement = new Statement(database, sql);
        return statement.Step() ? statement.Int64(0) : 0;
    }

    private static void Execute(sqlite3 database, string sql)
    {
        using var statement = new Statement(database, sql);
        statement.Run();
    }

    private Statement Prepare(string sql)
    {
        var statement = new Statement(_connection.Handle!, sql);
        _statements.Add(statement);
        return statement;
    }
}
