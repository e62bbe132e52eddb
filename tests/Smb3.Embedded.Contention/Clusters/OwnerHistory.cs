using System.Collections.Concurrent;
using Npgsql;
using Smb3.Embedded.Contention.Crashes;
using Smb3.Embedded.Contention.Running;
using Smb3.Embedded.Nt;
using Smb3.Embedded.TestPeers;

namespace Smb3.Embedded.Contention.Clusters;

/// <summary>
/// Who had the share and its parts when, as the database has it, and who answered when, as the clients have it: nobody answers what was sent to
/// it after another one had taken the share over, or before it had it, nor with the whole for a folder that is a part, or the other way round.
/// Both sides tell the time by the clock of this machine.
/// </summary>
internal sealed class OwnerHistory(PostgreSqlServer database, RunReport report)
{
    private const string Watch = """
        CREATE TABLE owner_history (
            id bigserial PRIMARY KEY, share text NOT NULL, folder text, removed boolean NOT NULL, node text, epoch bigint NOT NULL, at timestamptz NOT NULL);
        CREATE FUNCTION note_owner() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO owner_history (share, folder, removed, node, epoch, at)
            VALUES (NEW.name, NEW.folder, NEW.part_of IS NOT NULL AND NEW.folder IS NULL,
                (SELECT name FROM ~.node WHERE incarnation = NEW.owner), NEW.epoch, clock_timestamp());
            RETURN NULL;
        END $$;
        CREATE TRIGGER note_owner AFTER INSERT OR UPDATE OF owner, epoch, folder ON ~.share FOR EACH ROW EXECUTE FUNCTION note_owner();
        """;

    private const string Begun = """
        INSERT INTO owner_history (share, folder, removed, node, epoch, at)
        SELECT s.name, s.folder, false, n.name, s.epoch, '-infinity' FROM ~.share s LEFT JOIN ~.node n ON n.incarnation = s.owner
        """;

    private const string Ask = "SELECT share, folder, removed, node, epoch, at FROM owner_history ORDER BY id";

    private readonly ConcurrentQueue<Answer> _answers = new();

    /// <summary>Begins to watch the ownership, in the schema that a node has made.</summary>
    public void Begin()
    {
        var schema = (string)database.Ask("SELECT schemaname FROM pg_tables WHERE tablename = 'share' AND schemaname <> 'pg_catalog'")!;
        database.Execute(In(Watch));
        database.Execute(In(Begun));

        string In(string sql) => sql.Replace("~", schema, StringComparison.Ordinal);
    }

    /// <summary>A node has answered a request on the share, or a part of it.</summary>
    public void Answered(string node, Place place, string? folder, NtStatus status, DateTime sent, DateTime received) =>
        _answers.Enqueue(new Answer(node, place, folder, status, sent, received));

    /// <summary>Compares the two.</summary>
    public async Task CheckAsync()
    {
        var (terms, parts) = await ReadAsync();
        report.Count("owners", terms.Count);
        report.Count("parts that there were", parts.Count);
        report.Count("answers compared with the owners", _answers.Count);
        foreach (var answer in _answers)
        {
            if (FindWrong(answer, terms, parts) is { } wrong)
            {
                report.Wrong(answer.Node, $"it answered a request on {answer.Place.Share} that was sent at {answer.Sent:HH:mm:ss.ffffff}, at {answer.Received:HH:mm:ss.ffffff}, {wrong}");
                Console.WriteLine(string.Join(Environment.NewLine, terms.Concat(parts)));
                return;
            }
        }
    }

    private static string? FindWrong(Answer answer, List<Term> terms, List<Term> parts)
    {
        if (!terms.Exists(term => term.Share == answer.Place.Share && term.Node == answer.Node && term.From <= answer.Received && answer.Sent <= term.To))
        {
            return "and did not have the share";
        }

        if (answer.Folder is not { } folder || answer.Place.Folder.Length > 0)
        {
            return null;
        }

        // The parts that there were of a folder do not meet each other: it was one all the time only when one of them was there for as long.
        var there = parts.FindAll(part => part.Folder == folder);
        return answer.SaysElsewhere && !there.Exists(part => part.From <= answer.Received && answer.Sent <= part.To)
            ? $"that {folder} was elsewhere ({answer.Status}), and that was no part"
            : answer.SaysHere && there.Exists(part => part.From <= answer.Sent && answer.Received <= part.To)
                ? $"about {folder} ({answer.Status}), which was a part" : null;
    }

    private async Task<(List<Term> Owners, List<Term> Parts)> ReadAsync()
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Ask, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var owners = new List<Term>();
        var parts = new List<Term>();
        while (await reader.ReadAsync())
        {
            var share = reader.GetString(0);
            var folder = await reader.IsDBNullAsync(1) ? null : reader.GetString(1);
            var isRemoved = reader.GetBoolean(2);
            var node = await reader.IsDBNullAsync(3) ? null : reader.GetString(3);
            var (epoch, at) = (reader.GetInt64(4), reader.GetDateTime(5));
            End(owners, share, at);
            if (isRemoved)
            {
                End(parts, share, at);
            }
            else if (folder is not null && !parts.Exists(part => part.Share == share))
            {
                parts.Add(new Term(share, folder, null, 0, at, DateTime.MaxValue));
            }

            if (node is not null)
            {
                owners.Add(new Term(share, folder, node, epoch, at, DateTime.MaxValue));
            }
        }

        return (owners, parts);
    }

    /// <summary>Ends the last term of a share, if it goes on.</summary>
    private static void End(List<Term> terms, string share, DateTime at)
    {
        if (terms.FindLastIndex(term => term.Share == share) is var last and >= 0 && terms[last].To == DateTime.MaxValue)
        {
            terms[last] = terms[last] with { To = at };
        }
    }

    /// <summary>For how long a node had a share, or there was a part.</summary>
    private sealed record Term(string Share, string? Folder, string? Node, long Epoch, DateTime From, DateTime To)
    {
        public override string ToString() => $"{Share} {Folder}: {(Node is null ? "a part" : $"epoch {Epoch}, {Node}")}, {From:HH:mm:ss.ffffff} to {To:HH:mm:ss.ffffff}";
    }

    private sealed record Answer(string Node, Place Place, string? Folder, NtStatus Status, DateTime Sent, DateTime Received)
    {
        /// <summary>Whether it says that the folder is not here.</summary>
        public bool SaysElsewhere => Status is NtStatus.PathNotCovered or NtStatus.NotSameDevice;

        /// <summary>Whether only who has the folder can say that.</summary>
        public bool SaysHere => Status is NtStatus.Success or NtStatus.ObjectNameNotFound or NtStatus.ObjectNameCollision or NtStatus.EndOfFile
            or NtStatus.LockNotGranted;
    }
}
