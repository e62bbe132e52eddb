using System.Diagnostics;
using Npgsql;

namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// A schema of a database, and connections to it. Everything that is done there ends within a time, whatever becomes of the database, and is
/// tried again when it was interrupted.
/// </summary>
internal sealed class Database : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(400);

    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlMultiHostDataSource? _hosts;
    private readonly Schema _schema;
    private readonly Problems _problems;
    private readonly Lineage _lineage;

    /// <summary>Describes it; nothing is connected yet.</summary>
    /// <param name="connectionString">Where it is.</param>
    /// <param name="options">How it is used.</param>
    /// <param name="connections">The most connections, when the connection string does not say it.</param>
    /// <param name="beside">Another one that uses the same database: what either has seen of it counts for both.</param>
    public Database(string connectionString, PostgreSqlStoreOptions options, int connections, Database? beside = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        SetDefaults(settings, connections);
        Options = options;
        _problems = new Problems($"Database '{settings.Database ?? settings.Username}' at '{settings.Host}:{settings.Port}'", options.Schema);
        _schema = new Schema(options.Schema, _problems);
        _lineage = beside?._lineage ?? new Lineage(_problems);
        _lineage.Advanced += Clear;
        // The whole one has converters for all types of PostgreSQL, two megabytes of a program that is compiled ahead.
        var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
        builder.EnableTransportSecurity();
        builder.EnableIntegratedSecurity();
        builder.EnableArrays();
        builder.UsePhysicalConnectionInitializer(connection => _lineage.CheckAsync(connection).GetAwaiter().GetResult(), _lineage.CheckAsync);
        _source = builder.Build();
        _hosts = _source as NpgsqlMultiHostDataSource;
    }

    public PostgreSqlStoreOptions Options { get; }

    /// <summary>How many primaries were seen, one after the other.</summary>
    public int Primaries => _lineage.Primaries;

    /// <summary>A statement with the schema in the place of each <c>~</c> before a table.</summary>
    public string In(string sql) => _schema.In(sql);

    /// <summary>Whether it has LISTEN and NOTIFY; its distributed kin do not. Known as soon as anything was done.</summary>
    public bool HasNotifications => _schema.HasNotifications;

    /// <summary>Whether a statement changes a table once only: CockroachDB refuses others. Known as soon as anything was done.</summary>
    public bool ChangesTableOnce => _schema.ChangesTableOnce;

    /// <summary>Does something on a connection. It is done anew when it was interrupted: it must be such that this does no harm.</summary>
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, Task<T>> work, Deadline deadline)
    {
        var begun = Stopwatch.GetTimestamp();
        Exception? last = null;
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                return await deadline.WaitAsync(AttemptAsync(work, deadline)).ConfigureAwait(false);
            }
            catch (Exception cause) when (deadline.IsOver && cause is not (State.StateFencedException or Cluster.ClusterLevelException))
            {
                // A connection that is being broken says all kinds of things.
                deadline.ThrowIfCallerEnded();
                throw _problems.TimedOut(Stopwatch.GetElapsedTime(begun), last ?? (cause as OperationCanceledException));
            }
            catch (Exception cause) when (Problems.MayPass(cause) || (_hosts is not null && Problems.IsWithoutPrimary(cause)))
            {
                last = cause;
                if (Problems.IsBetweenPrimaries(cause))
                {
                    _source.Clear();
                }

                // Npgsql remembers for ten seconds what each host was: a standby may be the primary by now.
                _hosts?.ClearDatabaseStates();
            }
            catch (Exception cause) when (cause is NpgsqlException or TimeoutException or (IOException and not State.StateFencedException))
            {
                throw _problems.Explain(cause);
            }

            try
            {
                await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), deadline.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                deadline.ThrowIfCallerEnded();
                throw _problems.TimedOut(Stopwatch.GetElapsedTime(begun), last);
            }
        }
    }

    /// <summary>What a call says whose time was over before its turn came.</summary>
    public PostgreSqlStoreException TimedOut(TimeSpan time) => _problems.TimedOut(time, null);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>Connections that are idle are closed, and those that are in use when they are given back.</summary>
    private void Clear()
    {
        _source.Clear();
        _hosts?.ClearDatabaseStates();
    }

    private async Task<T> AttemptAsync<T>(Func<NpgsqlConnection, Task<T>> work, Deadline deadline)
    {
        var connection = await _source.OpenConnectionAsync(deadline.Work).ConfigureAwait(false);
        await using var connectionUse = connection.ConfigureAwait(false);
        await _schema.EnsureAsync(connection, deadline.Work).ConfigureAwait(false);
        return await work(connection).ConfigureAwait(false);
    }

    private static void SetDefaults(NpgsqlConnectionStringBuilder settings, int connections)
    {
        // What a reset sends is sent with the next statement, and Npgsql does not end its wait for the answer to it. Nothing here needs one.
        settings.NoResetOnClose = true;

        // Who gives up a call does not wait for the server to agree.
        settings.CancellationTimeout = -1;
        Set("Timeout", 5);
        Set("Maximum Pool Size", connections);
        Set("Max Auto Prepare", 64);
        Set("Auto Prepare Min Usages", 3);
        Set("Write Buffer Size", 32 << 10); // a transaction of the cluster leaves in one piece
        Set("Application Name", "Smb3.Embedded");
        Set("Enlist", false); // a call is a transaction of its own, whatever transaction its caller is in
        if (settings.Host?.Contains(',', StringComparison.Ordinal) == true)
        {
            Set("Target Session Attributes", "primary");
        }

        void Set(string name, object value)
        {
            if (!settings.ContainsKey(name) || !settings.ShouldSerialize(name))
            {
                settings[name] = value;
            }
        }
    }
}
