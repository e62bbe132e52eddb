using System.Reflection;
using System.Text.RegularExpressions;
using Smb3.Embedded.PostgreSql;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>
/// All SQL that is sent is such that PostgreSQL's distributed kin know it. What they do not is listed by their own pages, "PostgreSQL
/// Compatibility" of CockroachDB and "PostgreSQL compatibility" of YugabyteDB, of 2025.
/// </summary>
public sealed partial class SqlOfKinTests
{
    private static readonly (string Pattern, string What)[] Missing =
    [
        (@"\bpg_(try_)?advisory", "advisory locks"),
        (@"\b(UN)?LISTEN\b|\bNOTIFY\b|\bpg_notify\b", "notifications"),
        (@"\bLOCK\s+TABLE\b", "locks of tables"),
        (@"\bCREATE\s+(OR\s+REPLACE\s+)?(CONSTRAINT\s+)?TRIGGER\b", "triggers"),
        (@"\bCREATE\s+(OR\s+REPLACE\s+)?(FUNCTION|PROCEDURE|RULE|DOMAIN|AGGREGATE|EVENT)\b|\bDO\s+\$|\bLANGUAGE\s+\w+", "code in the database, rules and domains"),
        (@"\bCREATE\s+(TEMP|TEMPORARY|UNLOGGED)\b", "tables that are temporary or not logged"),
        (@"\bEXCLUDE\s+USING\b|\bDEFERRABLE\b|\bDEFERRED\b", "exclusion, and constraints that are checked later"),
        (@"\bINHERITS\b|\bTABLESAMPLE\b|\bWITH\s+OIDS\b", "inheritance and samples"),
        (@"\bDECLARE\s+\w+.*\bCURSOR\b|\bFETCH\s+(NEXT|FORWARD|ALL)\b", "cursors"),
        (@"\blo_\w+\s*\(", "large objects"),
        (@"\b(xmin|xmax|cmin|cmax|ctid)\b", "columns of the system"),
        (@"\b(txid_|pg_current_xact)\w*", "numbers of transactions"),
        (@"\b(int4|int8|num|ts|tstz|date)(multi)?range\b", "ranges"),
        (@"\bUSING\s+(gist|spgist|brin|hash)\b", "kinds of indices"),
        (@"\bMERGE\s+INTO\b", "MERGE"),
        (@"\bPREPARE\s+TRANSACTION\b|\bCOMMIT\s+PREPARED\b", "commits in two phases"),
        (@"\bXML\w*\s*\(", "XML"),
    ];

    [Fact]
    public void No_statement_needs_what_the_kin_do_not_have()
    {
        var statements = Statements();
        Assert.InRange(statements.Count, 40, 200);
        foreach (var (where, sql) in statements)
        {
            // What tells others of changes is left out where there are no notifications.
            var missing = FindMissing(sql).Where(what => what != "notifications" || where is not ("Notify" or "NotifyChanges")).ToList();
            Assert.True(missing.Count == 0, $"{where} needs {string.Join(", ", missing)}: {sql}");
        }
    }

    [Fact]
    public void No_statement_changes_a_table_twice_except_where_that_is_known_to_work()
    {
        // CockroachDB refuses that: https://github.com/cockroachdb/cockroach/issues/70731
        var twice = Statements().Where(static one => ChangesTwice(one.Sql)).Select(static one => one.Where).ToList();
        Assert.Equal(["_both", "_both"], twice);
    }

    [Theory]
    [InlineData("SELECT pg_advisory_xact_lock(1)", "advisory locks")]
    [InlineData("SELECT pg_try_advisory_lock($1)", "advisory locks")]
    [InlineData("LISTEN \"channel\"", "notifications")]
    [InlineData("LOCK TABLE t IN EXCLUSIVE MODE", "locks of tables")]
    [InlineData("CREATE TRIGGER t BEFORE INSERT ON s", "triggers")]
    [InlineData("DO $$ BEGIN END $$", "code in the database, rules and domains")]
    [InlineData("SELECT xmin FROM t", "columns of the system")]
    [InlineData("CREATE UNLOGGED TABLE t (i int)", "tables that are temporary or not logged")]
    public void What_the_kin_do_not_have_is_found(string sql, string what) => Assert.Equal([what], FindMissing(sql));

    [Theory]
    [InlineData("WITH a AS (DELETE FROM ~.t RETURNING 1), b AS (INSERT INTO ~.t VALUES (1)) SELECT 1", true)]
    [InlineData("WITH a AS (UPDATE ~.t SET i = 1) INSERT INTO ~.u VALUES (1) ON CONFLICT (i) DO UPDATE SET i = 2", false)]
    public void What_changes_a_table_twice_is_found(string sql, bool twice) => Assert.Equal(twice, ChangesTwice(sql));

    [Fact]
    public void No_statement_is_written_where_this_does_not_look()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Smb3.Embedded.PostgreSql"), "*.cs"))
        {
            var code = Comment().Replace(File.ReadAllText(file), string.Empty);
            var name = Path.GetFileName(file);
            if (name is "ClusterSql.cs" or "RecordSql.cs" or "Schema.cs")
            {
                continue;
            }

            foreach (Match statement in Statement().Matches(code))
            {
                // Asked where there are notifications, of PostgreSQL alone, and told to people.
                Assert.True(name is "ClusterSignal.cs" or "Lineage.cs" or "Problems.cs", $"{name}: {statement.Value}");
            }
        }
    }

    private static List<string> FindMissing(string sql) =>
        [.. Missing.Where(one => Regex.IsMatch(sql, one.Pattern, RegexOptions.IgnoreCase | RegexOptions.Singleline)).Select(static one => one.What)];

    private static bool ChangesTwice(string sql) => Change().Matches(sql).Select(static change => change.Groups[1].Value).GroupBy(static table => table).Any(static same => same.Count() > 1);

    /// <summary>Every statement, as it is sent, by the name of what holds it; that of the schema by its place in it.</summary>
    private static List<(string Where, string Sql)> Statements()
    {
        var database = new Database("Host=nowhere.invalid", new PostgreSqlStoreOptions { Schema = "~" }, 1);
        var found = new List<(string, string)>();
        Gather(new ClusterSql(database), found);
        Gather(new RecordSql(database), found);
        var schema = File.ReadAllText(Path.Combine(Repository.Root, "src", "Smb3.Embedded.PostgreSql", "Schema.cs"));
        found.AddRange(Literal().Matches(Comment().Replace(schema, string.Empty)).Select(static (literal, i) => ($"Schema.cs, {i}", literal.Value)));
        return found;
    }

    private static void Gather(object holder, List<(string, string)> found)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        foreach (var field in holder.GetType().GetFields(All))
        {
            var name = field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)] : field.Name;
            switch (field.GetValue(field.IsStatic ? null : holder))
            {
                case string sql when !name.EndsWith("Sql", StringComparison.Ordinal) && name is not ("Alive" or "Changed"): // those are pieces of others
                    found.Add((name, sql));
                    break;
                case { } nested when nested.GetType().DeclaringType == holder.GetType():
                    Gather(nested, found);
                    break;
            }
        }
    }

    [GeneratedRegex("\"\"\"(?<text>.*?)\"\"\"|\"(SELECT|INSERT|UPDATE|CREATE|ALTER)\\b[^\"]*\"", RegexOptions.Singleline)]
    private static partial Regex Literal();

    [GeneratedRegex("\"\\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|LISTEN|WITH|LOCK|SET LOCAL|BEGIN|COMMIT|NOTIFY)\\b[^\"]*\"")]
    private static partial Regex Statement();

    [GeneratedRegex(@"^\s*//.*$", RegexOptions.Multiline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"(?:\bINSERT\s+INTO|(?<!\bDO\s+|\bFOR\s+)\bUPDATE|\bDELETE\s+FROM)\s+(\S+)")]
    private static partial Regex Change();
}
