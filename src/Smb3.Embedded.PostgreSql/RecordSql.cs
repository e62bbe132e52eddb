namespace Smb3.Embedded.PostgreSql;

/// <summary>The statements about holders and their records.</summary>
internal sealed class RecordSql(Database database)
{
    /// <summary>
    /// Makes a request the last one of its holder, if the token counts. $1 the holder, $2 its token, $3 the writer, $4 the request.
    /// </summary>
    private const string BarSql = """
        UPDATE ~.holder SET writer = $3, request = $4
        WHERE name = $1 AND token = $2 AND (writer <> $3 OR request < $4) RETURNING id
        """;

    private const string HeldSql = "SELECT id FROM ~.holder WHERE name = $1 AND token = $2 AND writer = $3 AND request = $4";

    /// <summary>Removes records, of the holder in <c>held</c>. $5 the scope, $6 the keys.</summary>
    private const string GoneSql = """
        gone AS (
            DELETE FROM ~.record r USING held WHERE r.holder = held.id AND r.scope = $5 AND r.key = ANY ($6) RETURNING 1)
        """;

    private readonly Forms _whole = new(database, BarSql);
    private readonly Forms _pieces = new(database, HeldSql);

    public string Bar { get; } = database.In(BarSql);

    /// <summary>
    /// A whole batch: one statement is one message, so that the server locks nothing before all of it has arrived, however slow or stopped its sender
    /// is.
    /// </summary>
    public string Commit(Batch.Piece piece) => _whole.Of(piece);

    /// <summary>A piece of a batch that is sent in several, in a transaction that began with <see cref="Bar"/>.</summary>
    public string CommitPiece(Batch.Piece piece) => _pieces.Of(piece);

    /// <summary>$1 the holder.</summary>
    public string Token { get; } = database.In("SELECT token FROM ~.holder WHERE name = $1");

    /// <summary>$1 the holder.</summary>
    public string MakeHolder { get; } = database.In(
        "INSERT INTO ~.holder (name, token) VALUES ($1, 1) ON CONFLICT (name) DO NOTHING RETURNING token");

    /// <summary>$1 the holder, $2 the token that it must have. One that comes late takes nothing over from who has come since.</summary>
    public string TakeOver { get; } = database.In(
        "UPDATE ~.holder SET token = token + 1, writer = 0, request = 0 WHERE name = $1 AND token = $2 RETURNING token");

    /// <summary>$1 the holder, $2 the scope.</summary>
    public string Read { get; } = database.In(
        "SELECT r.key, r.value FROM ~.record r JOIN ~.holder h ON h.id = r.holder WHERE h.name = $1 AND r.scope = $2");

    /// <summary>A statement in the forms that it has for what there is to change: not every database changes a table twice in one.</summary>
    private sealed class Forms(Database database, string holder)
    {
        private readonly string _both = database.In($"WITH held AS ({holder}), {GoneSql}, {Put("$7", "$8")} SELECT id FROM held");
        private readonly string _gone = database.In($"WITH held AS ({holder}), {GoneSql} SELECT id FROM held");
        private readonly string _put = database.In($"WITH held AS ({holder}), {Put("$6", "$7")} SELECT id FROM held");

        public string Of(Batch.Piece piece) => piece.Keys.Count == 0 ? _gone : piece.Gone.Count == 0 ? _put : _both;

        /// <summary>Puts records. $5 the scope, and the keys and their values.</summary>
        private static string Put(string keys, string values) => $"""
            put AS (
                INSERT INTO ~.record (holder, scope, key, value)
                SELECT held.id, $5, u.key, u.value FROM held CROSS JOIN unnest({keys}, {values}) AS u (key, value)
                ON CONFLICT (holder, scope, key) DO UPDATE SET value = excluded.value RETURNING 1)
            """;
    }
}
