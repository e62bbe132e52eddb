using System.Globalization;
using Microsoft.Data.Sqlite;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Samples.SqliteStore;

/// <summary>Files as rows of a table: the key, the data, and a version that changes with each put.</summary>
internal sealed class SqliteFileStore : ObjectFileStore
{
    private readonly string _file;

    public SqliteFileStore(string path, ObjectFileStoreOptions? options = null)
        : base(options ?? new ObjectFileStoreOptions { Label = "SQLite", MaxFileLength = 1 << 30 }, keepsProperties: true)
    {
        _file = new SqliteConnectionStringBuilder { DataSource = path }.ToString();
        using var db = Open();
        Command(db, """
            PRAGMA journal_mode = WAL;
            CREATE TABLE IF NOT EXISTS objects (
                id INTEGER PRIMARY KEY, key TEXT UNIQUE, version TEXT, written INTEGER, properties TEXT, data BLOB);
            """).ExecuteNonQuery();
    }

    protected override ValueTask<NtResult<IReadOnlyList<ObjectEntry>>> ListAsync(ObjectQuery query, CancellationToken cancellationToken) =>
        new(new NtResult<IReadOnlyList<ObjectEntry>>(Read(
            "key >= $1 AND key < $2 AND key > $3 ORDER BY key LIMIT $4", query.Prefix, query.End, query.After, query.Most)));

    protected override ValueTask<NtResult<ObjectEntry?>> FindAsync(string key, CancellationToken cancellationToken) =>
        new(new NtResult<ObjectEntry?>(Read("key = $1", key) is [var entry] ? entry : null));

    protected override async ValueTask<NtResult<int>> ReadAsync(
        string key, string? version, long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var db = Open();
        if (Command(db, "SELECT id FROM objects WHERE key = $1 AND version = $2", key, version).ExecuteScalar() is not long id)
        {
            return NtStatus.FileInvalid;
        }

        await using var blob = new SqliteBlob(db, "objects", "data", id, readOnly: true) { Position = offset };
        return await blob.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
    }

    protected override async ValueTask<NtResult<ObjectEntry>> PutAsync(
        string key, Stream content, string? properties, ObjectCondition condition, CancellationToken cancellationToken)
    {
        using var db = Open();
        using var transaction = db.BeginTransaction();
        var there = Command(db, "SELECT version FROM objects WHERE key = $1", key).ExecuteScalar() as string;
        if (condition.IsAbsent ? there is not null : condition.Version is { } version && version != there)
        {
            return condition.IsAbsent ? NtStatus.ObjectNameCollision : NtStatus.FileInvalid;
        }

        var id = (long)Command(
            db, "REPLACE INTO objects (key, version, written, properties, data) VALUES ($1, $2, $3, $4, zeroblob($5)) RETURNING id",
            key, Guid.NewGuid().ToString("N"), DateTime.UtcNow.Ticks, properties, content.Length).ExecuteScalar()!;
        await using (var blob = new SqliteBlob(db, "objects", "data", id))
        {
            await content.CopyToAsync(blob, cancellationToken);
        }

        transaction.Commit();
        return Read("key = $1", key)[0];
    }

    protected override ValueTask<NtStatus> DeleteAsync(string key, CancellationToken cancellationToken) =>
        new(Change("DELETE FROM objects WHERE key = $1", key));

    protected override ValueTask<NtResult<ObjectEntry>> SetPropertiesAsync(
        string key, string properties, CancellationToken cancellationToken)
    {
        Change("UPDATE objects SET properties = $2 WHERE key = $1", key, properties);
        return new(Read("key = $1", key) is [var entry] ? entry : NtStatus.ObjectNameNotFound);
    }

    // One statement moves a file, or a folder with all that is in it.
    protected override ValueTask<NtStatus> MoveAsync(string key, string newKey, CancellationToken cancellationToken) => new(Change(
        "UPDATE OR REPLACE objects SET key = $2 || substr(key, length($1) + 1) WHERE key = $1 OR ($1 LIKE '%/' AND key > $1 AND key < $3)",
        key, newKey, new ObjectQuery(key, "", false, 0).End));

    private SqliteConnection Open()
    {
        var db = new SqliteConnection(_file);
        db.Open();
        return db;
    }

    private List<ObjectEntry> Read(string which, params object?[] values)
    {
        using var db = Open();
        using var rows = Command(db, $"SELECT key, length(data), written, version, properties FROM objects WHERE {which}", values).ExecuteReader();
        var entries = new List<ObjectEntry>();
        while (rows.Read())
        {
            entries.Add(new(
                rows.GetString(0), rows.GetInt64(1), new DateTimeOffset(rows.GetInt64(2), TimeSpan.Zero), rows.GetString(3), rows[4] as string));
        }

        return entries;
    }

    private NtStatus Change(string sql, params object?[] values)
    {
        using var db = Open();
        Command(db, sql, values).ExecuteNonQuery();
        return NtStatus.Success;
    }

    private static SqliteCommand Command(SqliteConnection db, string sql, params object?[] values)
    {
        var command = db.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue("$" + (i + 1).ToString(CultureInfo.InvariantCulture), values[i] ?? DBNull.Value);
        }

        return command;
    }
}
