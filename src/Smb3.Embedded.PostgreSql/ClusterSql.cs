namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// The statements about nodes, shares and the cluster. Whoever changes who owns what locks the one row of <c>cluster</c> first, so such transactions
/// are carried out one after the other, and their versions become visible in their order. Each is sent in one piece: a node that is stopped amid
/// one holds nothing up. A lease is looked at by the clock of the moment, not by that of the transaction's start.
/// </summary>
internal sealed class ClusterSql(Database database)
{
    private const string Alive = "NOT n.ended AND n.until > clock_timestamp()";

    private const string Fenced = "EXISTS (SELECT 1 FROM ~.fenced f WHERE f.name_key = n.name_key)";

    /// <summary>Who is more than the owner of what it has: it can renew its lease, and take.</summary>
    private const string MayAct = "NOT n.replaced AND " + Alive + " AND NOT " + Fenced;

    private const string Changed = "EXISTS (SELECT 1 FROM ~.share s WHERE s.version > c.version)";

    public const string Begin = "BEGIN ISOLATION LEVEL READ COMMITTED";

    public const string BeginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

    public const string Commit = "COMMIT";

    /// <summary>Who waits here for long has given up already, and is not to hold others up after that.</summary>
    public const string LimitWaits = "SET LOCAL lock_timeout = '3s'";

    /// <summary>Locks the cluster. Gives its level.</summary>
    public string Lock { get; } = database.In("SELECT level FROM ~.cluster WHERE id = 1 FOR UPDATE");

    /// <summary>
    /// Adds a node, unless a later request of its has been carried out. $1 the name, $2 its key, $3 addresses, $4 its level, $5 the lease in
    /// milliseconds, $6 the writer, $7 the request.
    /// </summary>
    public string AddNode { get; } = database.In("""
        INSERT INTO ~.node (incarnation, name, name_key, addresses, max_level, lease_ms, until, writer, request)
        SELECT c.incarnations + 1, $1, $2, $3, $4, $5, clock_timestamp() + $5 * interval '1 millisecond', $6, $7 FROM ~.cluster c
        WHERE c.id = 1 AND c.level <= $4 AND NOT EXISTS (SELECT 1 FROM ~.fenced f WHERE f.name_key = $2)
            AND NOT EXISTS (SELECT 1 FROM ~.node o WHERE o.name_key = $2 AND o.writer = $6 AND o.request >= $7)
        RETURNING incarnation
        """);

    /// <summary>Replaces the earlier incarnations of a node that was added. $1 the key of its name.</summary>
    public string ReplaceOthers { get; } = database.In("""
        UPDATE ~.node AS n SET replaced = true FROM ~.cluster c
        WHERE c.id = 1 AND n.name_key = $1 AND NOT n.replaced AND n.incarnation <= c.incarnations
            AND EXISTS (SELECT 1 FROM ~.node o WHERE o.incarnation = c.incarnations + 1)
        """);

    public string CountNode { get; } = database.In("""
        UPDATE ~.cluster AS c SET incarnations = incarnations + 1, version = version + 1
        WHERE c.id = 1 AND EXISTS (SELECT 1 FROM ~.node o WHERE o.incarnation = c.incarnations + 1)
        """);

    public string ForgetNodes { get; } = database.In($"DELETE FROM ~.node AS n WHERE n.until < clock_timestamp() - interval '1 day' AND NOT {Fenced}");

    /// <summary>$1 the incarnation, $2 opens, $3 bytes, $4 draining. Gives the version of the cluster.</summary>
    public string Renew { get; } = database.In($"""
        UPDATE ~.node AS n SET until = clock_timestamp() + lease_ms * interval '1 millisecond', opens = $2, bytes_per_second = $3, draining = $4
        FROM ~.cluster c WHERE c.id = 1 AND n.incarnation = $1 AND {MayAct} RETURNING c.version
        """);

    /// <summary>$1 the incarnation.</summary>
    public string Leave { get; } = database.In("UPDATE ~.node AS n SET ended = true WHERE n.incarnation = $1 AND NOT n.ended");

    /// <summary>Gives a row if a node is known. $1 the key of its name.</summary>
    public string FindNode { get; } = database.In(
        "SELECT 1 WHERE EXISTS (SELECT 1 FROM ~.node n WHERE n.name_key = $1) OR EXISTS (SELECT 1 FROM ~.fenced f WHERE f.name_key = $1)");

    /// <summary>Shuts a node out that is known. $1 the key of its name.</summary>
    public string FenceNode { get; } = database.In("""
        INSERT INTO ~.fenced (name_key) SELECT $1 WHERE EXISTS (SELECT 1 FROM ~.node n WHERE n.name_key = $1) ON CONFLICT (name_key) DO NOTHING
        """);

    /// <summary>Lets a node in again. $1 the key of its name.</summary>
    public string UnfenceNode { get; } = database.In("DELETE FROM ~.fenced WHERE name_key = $1");

    public string CountVersion { get; } = database.In("UPDATE ~.cluster SET version = version + 1 WHERE id = 1");

    /// <summary>
    /// Locks the node that takes, if it may. $1 its incarnation, $2 the writer, $3 the request: one that comes late takes nothing, because its sender does
    /// not know of it.
    /// </summary>
    public string BeginTaking { get; } = database.In($"""
        UPDATE ~.node AS n SET writer = $2, request = $3
        WHERE n.incarnation = $1 AND {MayAct} AND (n.writer <> $2 OR n.request < $3) RETURNING n.incarnation
        """);

    /// <summary>Ends the leases that have run out: a renewal that is on its way finds that, and what they owned is free.</summary>
    public string EndLeases { get; } = database.In("UPDATE ~.node SET ended = true WHERE NOT ended AND until <= clock_timestamp()");

    /// <summary>$1 the incarnation, $2 the writer, $3 the request, $4 the keys of the shares, $5 their names.</summary>
    public string AddShares { get; } = database.In("""
        INSERT INTO ~.share (name_key, name, owner, epoch, version)
        SELECT u.key, u.name, 0, 0, c.version + 1 FROM unnest($4, $5) AS u (key, name) CROSS JOIN ~.cluster c
        WHERE c.id = 1 AND EXISTS (SELECT 1 FROM ~.node o WHERE o.incarnation = $1 AND o.writer = $2 AND o.request = $3 AND NOT o.ended)
        ON CONFLICT (name_key) DO NOTHING
        """);

    /// <summary>$1 the incarnation, $2 the writer, $3 the request, $4 the keys of the shares.</summary>
    public string Take { get; } = database.In($"""
        UPDATE ~.share AS s SET owner = $1, epoch = s.epoch + 1, version = c.version + 1,
            successor = NULL, successor_key = NULL, reserved_until = NULL,
            wanted = CASE WHEN s.wanted_key = t.name_key THEN NULL ELSE s.wanted END,
            wanted_key = CASE WHEN s.wanted_key = t.name_key THEN NULL ELSE s.wanted_key END
        FROM ~.cluster c, ~.node t
        WHERE c.id = 1 AND t.incarnation = $1 AND t.writer = $2 AND t.request = $3 AND NOT t.ended AND s.name_key = ANY ($4)
            AND (s.part_of_key IS NULL OR s.folder IS NOT NULL)
            AND (s.owner = $1 OR NOT EXISTS (SELECT 1 FROM ~.node o WHERE o.incarnation = s.owner AND NOT o.ended))
            AND (s.successor_key IS NULL OR s.successor_key = t.name_key OR s.reserved_until IS NULL OR s.reserved_until <= clock_timestamp()
                OR NOT EXISTS (SELECT 1 FROM ~.node n WHERE n.name_key = s.successor_key AND {MayAct}))
        RETURNING s.name, s.epoch
        """);

    /// <summary>Makes the epochs of what was taken the only tokens that count. $1 the incarnation, $2 the keys, $3 the names of the holders.</summary>
    public string Fence { get; } = database.In("""
        INSERT INTO ~.holder (name, token)
        SELECT u.holder, s.epoch FROM unnest($2, $3) AS u (key, holder) JOIN ~.share s ON s.name_key = u.key JOIN ~.cluster c ON s.version = c.version + 1
        WHERE c.id = 1 AND s.owner = $1
        ON CONFLICT (name) DO UPDATE SET token = excluded.token, writer = 0, request = 0
        """);

    /// <summary>$1 the key of the share, $2 the epoch, $3 the incarnation, $4 the key of the successor's name.</summary>
    public string Release { get; } = database.In($"""
        UPDATE ~.share AS s SET owner = 0, version = c.version + 1, wanted = NULL, wanted_key = NULL,
            successor = (SELECT n.name FROM ~.node n WHERE n.name_key = $4 AND {MayAct}),
            successor_key = (SELECT n.name_key FROM ~.node n WHERE n.name_key = $4 AND {MayAct}),
            reserved_until = (SELECT clock_timestamp() + n.lease_ms * interval '1 millisecond' FROM ~.node n WHERE n.name_key = $4 AND {MayAct})
        FROM ~.cluster c WHERE c.id = 1 AND s.name_key = $1 AND s.epoch = $2 AND s.owner = $3
        """);

    /// <summary>$1 the key of the share, $2 the key of the node's name, $3 the version that nothing must be later than.</summary>
    public string RequestMove { get; } = database.In($"""
        UPDATE ~.share AS s SET version = c.version + 1,
            wanted = (SELECT n.name FROM ~.node n WHERE n.name_key = $2 AND {MayAct} AND n.incarnation <> s.owner),
            wanted_key = (SELECT n.name_key FROM ~.node n WHERE n.name_key = $2 AND {MayAct} AND n.incarnation <> s.owner)
        FROM ~.cluster c
        WHERE c.id = 1 AND c.version <= $3 AND s.name_key = $1 AND (s.part_of_key IS NULL OR s.folder IS NOT NULL)
            AND ($2 IS NULL OR EXISTS (SELECT 1 FROM ~.node n WHERE n.name_key = $2 AND {MayAct}))
        RETURNING s.version
        """);

    /// <summary>
    /// Adds a part if the share is owned and the name is free. $1 the key of the share, $2 its epoch, $3 its owner, $4 the key of the part, $5 its
    /// name, $6 its folder, $7 the level that it needs.
    /// </summary>
    public string AddPart { get; } = database.In("""
        INSERT INTO ~.share (name_key, name, owner, epoch, version, part_of, part_of_key, folder)
        SELECT $4, $5, 0, 0, c.version + 1, s.name, s.name_key, $6 FROM ~.share s CROSS JOIN ~.cluster c
        WHERE c.id = 1 AND c.level >= $7 AND s.name_key = $1 AND s.epoch = $2 AND s.owner = $3
        ON CONFLICT (name_key) DO NOTHING
        """);

    /// <summary>
    /// Ends a part. $1 the key of the share, $2 its epoch, $3 the owner of both, $4 the key of the part, $5 its epoch.
    /// </summary>
    public string RemovePart { get; } = database.In("""
        UPDATE ~.share AS p SET owner = 0, epoch = p.epoch + 1, version = c.version + 1, folder = NULL,
            wanted = NULL, wanted_key = NULL, successor = NULL, successor_key = NULL, reserved_until = NULL
        FROM ~.cluster c, ~.share s
        WHERE c.id = 1 AND s.name_key = $1 AND s.epoch = $2 AND s.owner = $3
            AND p.name_key = $4 AND p.epoch = $5 AND p.owner = $3 AND p.part_of_key = s.name_key AND p.folder IS NOT NULL
        """);

    /// <summary>Bars the state of a part that was ended just now. $1 the key of the part, $2 the name of its holder.</summary>
    public string BarState { get; } = database.In("""
        UPDATE ~.holder AS h SET token = p.epoch, writer = 0, request = 0 FROM ~.share p, ~.cluster c
        WHERE h.name = $2 AND c.id = 1 AND p.name_key = $1 AND p.version = c.version + 1 AND p.folder IS NULL
        """);

    /// <summary>Forgets it. $1 the key of the part, $2 the name of its holder.</summary>
    public string ForgetState { get; } = database.In("""
        DELETE FROM ~.record WHERE holder IN (SELECT h.id FROM ~.holder h, ~.share p, ~.cluster c
            WHERE h.name = $2 AND c.id = 1 AND p.name_key = $1 AND p.version = c.version + 1 AND p.folder IS NULL)
        """);

    /// <summary>
    /// What has become of a part: whether the share is owned, whose part it is, and where. $1 the key of the share, $2 its epoch, $3 its owner,
    /// $4 the key of the part.
    /// </summary>
    public string FindPart { get; } = database.In("""
        SELECT s.epoch = $2 AND s.owner = $3, coalesce(p.part_of_key = s.name_key, false), p.folder
        FROM ~.share s LEFT JOIN ~.share p ON p.name_key = $4 WHERE s.name_key = $1
        """);

    /// <summary>Counts the version up if a share has changed.</summary>
    public string CountChanges { get; } = database.In($"UPDATE ~.cluster AS c SET version = version + 1 WHERE c.id = 1 AND {Changed}");

    /// <summary>Tells who listens. $1 the channel.</summary>
    public string Notify { get; } = database.In("SELECT pg_notify($1, c.version::text) FROM ~.cluster c WHERE c.id = 1");

    /// <summary>The same, if a share has changed: before <see cref="CountChanges"/>.</summary>
    public string NotifyChanges { get; } = database.In($"SELECT pg_notify($1, (c.version + 1)::text) FROM ~.cluster c WHERE c.id = 1 AND {Changed}");

    /// <summary>A node with a valid lease that does not know a level. $1 the level.</summary>
    public string FindOld { get; } = database.In($"SELECT n.name, n.max_level FROM ~.node n WHERE {Alive} AND n.max_level < $1 LIMIT 1");

    /// <summary>$1 the level, $2 the greatest dialect.</summary>
    public string Configure { get; } = database.In($"""
        UPDATE ~.cluster AS c SET level = $1, max_dialect = $2, version = version + 1
        WHERE c.id = 1 AND c.level <= $1 AND NOT EXISTS (SELECT 1 FROM ~.node n WHERE {Alive} AND n.max_level < $1) RETURNING version
        """);

    public string ReadCluster { get; } = database.In("SELECT version, level, max_dialect FROM ~.cluster WHERE id = 1");

    public string ReadVersion { get; } = database.In("SELECT version FROM ~.cluster WHERE id = 1");

    public string ReadNodes { get; } = database.In($"""
        SELECT n.incarnation, n.name, n.addresses, n.max_level, {Remaining("n")}, n.opens, n.bytes_per_second, n.draining, n.replaced, {Fenced} FROM ~.node n
        WHERE NOT n.replaced OR {Alive}
        """);

    /// <summary>$1 the version after which shares are told.</summary>
    public string ReadShares { get; } = database.In($"""
        SELECT s.name, n.name, coalesce(n.incarnation, 0), s.epoch, {Remaining("n")},
            CASE WHEN s.reserved_until > clock_timestamp() AND EXISTS (
                SELECT 1 FROM ~.node n WHERE n.name_key = s.successor_key AND {MayAct}) THEN s.successor END,
            s.wanted, s.part_of, s.folder
        FROM ~.share s LEFT JOIN ~.node n ON n.incarnation = s.owner
        WHERE s.version > $1
        """);

    /// <summary>Milliseconds that are left of a lease.</summary>
    private static string Remaining(string node) =>
        $"(CASE WHEN {node}.ended IS NULL OR {node}.ended THEN 0 ELSE greatest(0, extract(epoch FROM {node}.until - clock_timestamp()) * 1000) END)::float8";
}
