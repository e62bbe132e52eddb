using Npgsql;

namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// Which database a store uses, and how often its primary has changed: a server of another origin, or a primary that another one has replaced, is not
/// used any more by whoever has seen its successor. PostgreSQL counts a timeline up whenever a standby becomes the primary. Its distributed kin, and
/// services that do not tell, are not looked at.
/// </summary>
internal sealed class Lineage(Problems problems)
{
    /// <summary>A standby has no timeline of its own.</summary>
    private const string Ask = """
        SELECT s.system_identifier,
            CASE WHEN pg_is_in_recovery() THEN 0 ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint END
        FROM pg_control_system() s
        """;

    private readonly Lock _lock = new();
    private long _system;
    private long _timeline;
    private int _primaries;

    /// <summary>How many were seen, one after the other.</summary>
    public int Primaries => Volatile.Read(ref _primaries);

    /// <summary>Raised when a new primary was seen: connections to the one before it are of no use.</summary>
    public event Action? Advanced;

    /// <summary>Looks where a new connection leads to.</summary>
    /// <exception cref="PostgreSqlStoreException">To a standby, or to something else than those before it.</exception>
    public async Task CheckAsync(NpgsqlConnection connection)
    {
        long system = 0, timeline = -1;
        try
        {
            var command = new NpgsqlCommand(Ask, connection) { CommandTimeout = 5 };
            await using var commandUse = command.ConfigureAwait(false);
            var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using var readerUse = reader.ConfigureAwait(false);
            if (await reader.ReadAsync().ConfigureAwait(false))
            {
                (system, timeline) = (reader.GetInt64(0), reader.GetInt64(1));
            }
        }
        catch (PostgresException said) when (!Problems.IsBetweenPrimaries(said))
        {
            // It has no such functions, or does not let this user call them.
        }

        switch (timeline)
        {
            case > 0:
                Check(system, timeline);
                break;
            case 0:
                throw problems.Standby(); // a connection that was made now would not be looked at again when it is the primary
        }
    }

    private void Check(long system, long timeline)
    {
        bool advanced;
        lock (_lock)
        {
            if (_system != 0 && system != _system)
            {
                throw problems.OtherDatabase();
            }

            if (timeline < _timeline)
            {
                throw problems.FormerPrimary(timeline, _timeline);
            }

            advanced = _timeline != 0 && timeline > _timeline;
            _primaries += timeline > _timeline ? 1 : 0;
            (_system, _timeline) = (system, timeline);
        }

        if (advanced)
        {
            Advanced?.Invoke();
        }
    }
}
