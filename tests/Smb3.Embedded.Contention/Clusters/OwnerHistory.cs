using System.Collections.Concurrent;
using Npgsql;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.TestPeers;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// Who had the share when, as the database has it, and who answered when, as the clients have it: nobody answers what was sent to it after
/// another one had taken the share over, or before it had it. Both sides tell the time by the clock of this machine.
/// </summary>
internal sealed class OwnerHistory(PostgreSqlServer database, RunReport report)
{
    private const string Watch = """
        CREATE TABLE owner_history (id bigserial PRIMARY KEY, node text, epoch bigint NOT NULL, at timestamptz NOT NULL);
        CREATE FUNCTION note_owner() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO owner_history (node, epoch, at)
            VALUES ((SELECT name FROM ~.node WHERE incarnation = NEW.owner), NEW.epoch, clock_timestamp());
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_owner AFTER INSERT OR UPDATE OF owner, epoch ON ~.share FOR EACH ROW EXECUTE FUNCTION note_owner();
        """;

    private const string Begun = """
        INSERT INTO owner_history (node, epoch, at)
        SELECT n.name, s.epoch, '-infinity' FROM ~.share s LEFT JOIN ~.node n ON n.incarnation = s.owner
        """;

    private const string Ask = "SELECT node, epoch, at FROM owner_history ORDER BY id";

    private readonly ConcurrentQueue<(string Node, DateTime Sent, DateTime Received)> _answers = new();

    /// <summary>Begins to watch the ownership, in the schema that a node has made.</summary>
    public void Begin()
    {
        var schema = (string)database.Ask("SELECT schemaname FROM pg_tables WHERE tablename = 'share' AND schemaname <> 'pg_catalog'")!;
        database.Execute(In(Watch));
        database.Execute(In(Begun));

        string In(string sql) => sql.Replace("~", schema, StringComparison.Ordinal);
    }

    /// <summary>A node has answered a request on the share.</summary>
    public void Answered(string node, DateTime sent, DateTime received) => _answers.Enqueue((node, sent, received));

    /// <summary>Compares the two.</summary>
    public async Task CheckAsync()
    {
        var terms = await ReadAsync();
        report.Count("owners", terms.Count);
        report.Count("answers compared with the owners", _answers.Count);
        foreach (var (node, sent, received) in _answers)
        {
            if (!terms.Any(term => term.Node == node && term.From <= received && sent <= term.To))
            {
                report.Wrong(node, $"it answered a request that was sent at {sent:HH:mm:ss.ffffff}, at {received:HH:mm:ss.ffffff}, and did not have the share");
                Console.WriteLine(string.Join(Environment.NewLine, terms.Select(static term => $"epoch {term.Epoch}: {term.Node}, {term.From:HH:mm:ss.ffffff} to {term.To:HH:mm:ss.ffffff}")));
                return;
            }
        }
    }

    private async Task<List<Term>> ReadAsync()
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Ask, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var terms = new List<Term>();
        while (await reader.ReadAsync())
        {
            var at = reader.GetDateTime(2);
            if (terms is [.., { To: var to } last] && to == DateTime.MaxValue)
            {
                terms[^1] = last with { To = at };
            }

            if (!await reader.IsDBNullAsync(0))
            {
                terms.Add(new Term(reader.GetString(0), reader.GetInt64(1), at, DateTime.MaxValue));
            }
        }

        return terms;
    }

    private sealed record Term(string Node, long Epoch, DateTime From, DateTime To);
}
