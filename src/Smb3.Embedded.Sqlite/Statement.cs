using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Smb3.Embedded.Sqlite;

/// <summary>
/// A prepared statement. It is SQLite's own, not a <see cref="SqliteCommand"/>: that one copies every value into an array and makes a reader
/// for each execution, and waits for locks in steps of 150 ms.
/// </summary>
internal sealed class Statement : IDisposable
{
    private const int MaxKeyBytes = State.StateLimits.MaxKeyLength * 3;

    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public Statement(sqlite3 database, string sql)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
    }

    /// <summary>Binds a key or the name of a scope, as UTF-8 in a blob: those compare byte by byte and may contain NUL.</summary>
    public Statement Bind(int index, string key)
    {
        Span<byte> utf8 = stackalloc byte[MaxKeyBytes];
        return Bind(index, utf8[..Encoding.UTF8.GetBytes(key, utf8)]);
    }

    public Statement Bind(int index, ReadOnlySpan<byte> value)
    {
        // A blob without an address would be NULL.
        Check(value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, index, 0) : raw.sqlite3_bind_blob(_statement, index, value));
        return this;
    }

    public Statement Bind(int index, long value)
    {
        Check(raw.sqlite3_bind_int64(_statement, index, value));
        return this;
    }

    /// <summary>Goes to the next row; <see langword="false"/>: there is none.</summary>
    public bool Step() => raw.sqlite3_step(_statement) switch
    {
        raw.SQLITE_ROW => true,
        raw.SQLITE_DONE => false,
        var code => throw Error(code),
    };

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public string Key(int column) => Encoding.UTF8.GetString(raw.sqlite3_column_blob(_statement, column));

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public byte[] Value(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    /// <summary>Ends this execution: the statement holds no row, no lock and no value any more.</summary>
    public void Reset()
    {
        _ = raw.sqlite3_reset(_statement); // says again what the step said
        _ = raw.sqlite3_clear_bindings(_statement);
    }

    /// <summary>Executes it for its effect.</summary>
    public void Run()
    {
        try
        {
            while (Step())
            {
            }
        }
        finally
        {
            Reset();
        }
    }

    public void Dispose() => _statement.Dispose();

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw Error(code);
        }
    }

    private SqliteException Error(int code) =>
        new(raw.sqlite3_errmsg(_database).utf8_to_string(), code & 0xFF, raw.sqlite3_extended_errcode(_database));
}
