using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Benchmarks;

/// <summary>
/// What a cluster costs its database: many nodes with the real statements renew, look, commit and die, in one process. Each node has a store of its own, as
/// it would have in a process of its own; what it serves is left out. The schema <c>smb3 load</c> is made for it and dropped.
/// </summary>
internal sealed class ClusterLoad(string connectionString, int nodes, int shares, TimeSpan lease, int commits, int? postmaster)
{
    private const string Schema = "smb3 load";

    /// <summary>How long what was told at once is gathered before a node looks.</summary>
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(20);

    private readonly string[] _shares = [.. Enumerable.Range(0, shares).Select(static i => $"share {i}")];
    private readonly CancellationTokenSource _end = new();
    private long _commits;
    private long _late;
    private readonly SemaphoreSlim _first = new(1);

    /// <summary>Runs it.</summary>
    /// <param name="arguments">The connection string, then nodes, shares, the lease in seconds, commits a second, and the server's first process.</param>
    public static async Task RunAsync(string[] arguments)
    {
        int Number(int index, int otherwise) =>
            arguments.Length > index ? int.Parse(arguments[index], CultureInfo.InvariantCulture) : otherwise;
        var load = new ClusterLoad(
            arguments[0], Number(1, 100), Number(2, 10_000), TimeSpan.FromSeconds(Number(3, 10)), Number(4, 100), arguments.Length > 5 ? Number(5, 0) : null);
        await load.RunAsync();
    }

    private async Task RunAsync()
    {
        Console.WriteLine($"{nodes} nodes, {shares} shares, a lease of {lease.TotalSeconds} s, {commits} commits/s");
        await ExecuteAsync($"DROP SCHEMA IF EXISTS \"{Schema}\" CASCADE");
        var all = Enumerable.Range(0, nodes).Select(i => new Node(this, i)).ToArray();
        Console.WriteLine("| what | for | transactions/s | rows read/s | rows written/s | CPU of the database |");
        Console.WriteLine("|---|---|---|---|---|---|");
        await MeasureAsync("all nodes join and take their shares", async () =>
        {
            await Task.WhenAll(all.Select(static node => node.JoinAsync()));
        });
        var running = all.Select(static node => node.RunAsync()).ToArray();
        await MeasureAsync("all look for the first time", async () =>
        {
            while (all.Any(static node => node.Known < node.All))
            {
                await Task.Delay(20);
            }
        });
        await Task.Delay(Gather * 2);
        await MeasureAsync("renewals and looks, nothing happens", () => Task.Delay(Steady));
        var committing = CommitAsync(all);
        Interlocked.Exchange(ref _commits, 0);
        await MeasureAsync("the same with commits", () => Task.Delay(Steady));
        Console.WriteLine($"(that were {_commits / Steady.TotalSeconds:N0} commits/s)");
        Console.WriteLine($"({_late} renewals had to be tried again so far)");
        await DieAsync(all, all[1..2]);
        await DieAsync(all, all[2..Math.Min(12, nodes - 1)]);
        await _end.CancelAsync();
        await Task.WhenAll([.. running, committing]);
        foreach (var node in all)
        {
            await node.DisposeAsync();
        }

        await ExecuteAsync($"DROP SCHEMA \"{Schema}\" CASCADE");
    }

    /// <summary>Some nodes die, and the others take over what they owned.</summary>
    private async Task DieAsync(Node[] all, Node[] dying)
    {
        var name = $"{dying.Length} of them die, until all of their shares are taken";
        var late = TimeSpan.Zero;
        await MeasureAsync(name, async () =>
        {
            var last = dying.Max(static node => node.Die());
            var gone = dying.Select(static node => node.Incarnation).ToHashSet();
            var watching = all.First(static node => !node.IsDead);
            while (watching.Count(gone) > 0)
            {
                await Task.Delay(10);
            }

            late = Stopwatch.GetElapsedTime(last) - lease;
        });
        Console.WriteLine($"(the last was seen to be taken {late.TotalMilliseconds:N0} ms after the last lease had run out)");
    }

    private async Task CommitAsync(Node[] all)
    {
        var turn = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var owed = 0.0;
        var open = new SemaphoreSlim(100);
        while (!_end.IsCancellationRequested)
        {
            await timer.WaitForNextTickAsync();
            for (owed += commits / 100.0; owed >= 1; owed--)
            {
                await open.WaitAsync();
                var node = all[turn++ % all.Length];
                _ = Task.Run(async () =>
                {
                    if (await node.CommitAsync(turn))
                    {
                        Interlocked.Increment(ref _commits);
                    }

                    open.Release();
                });
            }
        }
    }

    private async Task MeasureAsync(string what, Func<Task> work)
    {
        var before = await StatisticsAsync();
        var begun = Stopwatch.GetTimestamp();
        await work();
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        var after = await StatisticsAsync();
        var cpu = postmaster is null ? "" : $"{(after[3] - before[3]) / seconds * 100:N1} % of a core";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {seconds:N2} s | {(after[0] - before[0]) / seconds:N0} | {(after[1] - before[1]) / seconds:N0} | {(after[2] - before[2]) / seconds:N0} | {cpu} |"));
    }

    /// <summary>Transactions, rows read and rows written since ever, and seconds of the CPU.</summary>
    private async Task<double[]> StatisticsAsync()
    {
        await Task.Delay(1100); // sessions tell their numbers once a second at most
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT xact_commit + xact_rollback, tup_returned, tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = current_database()",
            connection);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return [reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), postmaster is { } first ? CpuOf(first) : 0];
    }

    /// <summary>What a process and its children have used of the CPU; those that have ended are in its own figure.</summary>
    private static double CpuOf(int first)
    {
        long ticks = 0;
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var id))
            {
                try
                {
                    var text = File.ReadAllText(Path.Join(folder, "stat"));
                    var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                    if (id == first || int.Parse(fields[1], CultureInfo.InvariantCulture) == first)
                    {
                        ticks += fields[11..(id == first ? 15 : 13)].Sum(static field => long.Parse(field, CultureInfo.InvariantCulture));
                    }
                }
                catch (IOException)
                {
                    // It has ended.
                }
            }
        }

        return ticks / 100.0;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 120 };
        await command.ExecuteNonQueryAsync();
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Timeout=3");
            try
            {
                await connection.OpenAsync();
                return connection;
            }
            catch (NpgsqlException) when (attempt < 10)
            {
                // A full machine.
            }
        }
    }

    /// <summary>A node, without what it serves.</summary>
    private sealed class Node(ClusterLoad load, int index) : IAsyncDisposable
    {
        private readonly PostgreSqlClusterStore _store = new(
            load.ConnectionString, new PostgreSqlStoreOptions { Schema = Schema, Timeout = TimeSpan.FromSeconds(60) });

        private readonly Lock _lock = new();
        private readonly Dictionary<string, ClusterShareState> _known = [];
        private readonly CancellationTokenSource _dead = new();
        private readonly byte[] _record = new byte[500];
        private IReadOnlyList<ClusterOwnership> _owned = [];
        private long _renewed;

        public long Incarnation { get; private set; }

        public bool IsDead => _dead.IsCancellationRequested;

        public int All => load._shares.Length;

        public int Known
        {
            get
            {
                lock (_lock)
                {
                    return _known.Count;
                }
            }
        }

        public async Task JoinAsync()
        {
            Incarnation = (await _store.JoinAsync(
                new ClusterNode { Name = $"node {index}", Addresses = [new(0x0100007F, 445)] }, load.Lease, CancellationToken.None)).Incarnation;
            _renewed = Stopwatch.GetTimestamp();
            _owned = await _store.TakeAsync(Incarnation, [.. load._shares.Where((_, i) => i % load.Nodes == index)], CancellationToken.None);
        }

        public Task RunAsync() => Task.WhenAll(Task.Run(RenewAsync), Task.Run(LookAsync));

        /// <summary>Ends it without a word.</summary>
        /// <returns>When it renewed last.</returns>
        public long Die()
        {
            _dead.Cancel();
            return Volatile.Read(ref _renewed);
        }

        /// <summary>How many shares are owned by some incarnations, as this node knows.</summary>
        public int Count(HashSet<long> incarnations)
        {
            lock (_lock)
            {
                return _known.Values.Count(share => incarnations.Contains(share.Incarnation));
            }
        }

        public async Task<bool> CommitAsync(int number)
        {
            if (IsDead || _owned.Count == 0)
            {
                return false;
            }

            var owned = _owned[number % _owned.Count];
            try
            {
                await _store.OpenState(owned).CommitAsync(
                    "opens",
                    owned.Epoch,
                    [number % 2 == 0 ? StateChange.Put($"open {number % 7}", _record) : StateChange.Remove($"open {(number + 3) % 7}")],
                    CancellationToken.None);
                return true;
            }
            catch (StateFencedException)
            {
                return false;
            }
        }

        public ValueTask DisposeAsync() => _store.DisposeAsync();

        private async Task RenewAsync()
        {
            await Task.Delay(load.Lease / 3 * Random.Shared.NextDouble());
            while (!IsDead && !load._end.IsCancellationRequested)
            {
                var now = Stopwatch.GetTimestamp();
                try
                {
                    await _store.RenewAsync(Incarnation, new Cluster.ClusterLoad(100, 1 << 20), CancellationToken.None);
                }
                catch (PostgreSqlStoreException)
                {
                    // As a node does, which has the rest of its lease for it: all of them are in this one process, and hold each other up.
                    Interlocked.Increment(ref load._late);
                    await Task.Delay(load.Lease / 20);
                    continue;
                }

                Volatile.Write(ref _renewed, now);
                await Task.Delay(load.Lease / 3);
            }
        }

        /// <summary>One node after the other the first time, when each reads all shares: the processor of this one machine is not what is measured.</summary>
        private async Task<ClusterView> LookAsync(long version)
        {
            if (version > 0)
            {
                return await _store.ReadAsync(version, CancellationToken.None);
            }

            await load._first.WaitAsync();
            try
            {
                return await _store.ReadAsync(version, CancellationToken.None);
            }
            finally
            {
                load._first.Release();
            }
        }

        private async Task LookAsync()
        {
            var version = 0L;
            while (!IsDead && !load._end.IsCancellationRequested)
            {
                var view = await LookAsync(version);
                version = view.Version;
                var alive = view.Nodes.Where(static node => node.IsAlive).Select(static node => node.Incarnation).Order().ToList();
                string[] free;
                lock (_lock)
                {
                    foreach (var share in view.Shares)
                    {
                        _known[share.Share] = share;
                    }

                    var set = alive.ToHashSet();
                    free = [.. _known.Values.Where(share => !set.Contains(share.Incarnation)).Select(static share => share.Share)];
                }

                // Who takes what is agreed without a word: a share goes to the node that its number falls on.
                var own = free.Where(share => alive[int.Parse(share.AsSpan(6), CultureInfo.InvariantCulture) % alive.Count] == Incarnation).ToArray();
                if (own.Length > 0)
                {
                    var taken = await _store.TakeAsync(Incarnation, own, CancellationToken.None);
                    _owned = [.. _owned, .. taken];
                    continue;
                }

                // The next lease that may run out, or a change.
                var next = view.Nodes.Where(static node => node.IsAlive).Select(static node => node.Remaining).DefaultIfEmpty(load.Lease).Min();
                await _store.WaitAsync(version, next + TimeSpan.FromMilliseconds(20), CancellationToken.None);
                await Task.Delay(Gather);
            }
        }
    }

    private string ConnectionString => connectionString;

    private int Nodes => nodes;

    private TimeSpan Lease => lease;
}
