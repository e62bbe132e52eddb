using System.Collections.Concurrent;
using Npgsql;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.State;

namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// A cluster in a PostgreSQL database, or one of its kin that speaks its language (CockroachDB, YugabyteDB). Each node has a store of its own on the same
/// database and schema. The tables are made with the first use.
/// </summary>
/// <remarks>
/// The database's clock judges the leases; those of the nodes need not agree with it. What a restart of the database or a change of its primary
/// interrupts is tried again for <see cref="PostgreSqlStoreOptions.Timeout"/>, and a renewal for a third of its lease. What cannot be done is a
/// <see cref="PostgreSqlStoreException"/>; the next call tries again.
/// </remarks>
public sealed class PostgreSqlClusterStore : IClusterStore
{
    private const int StateConnections = 8;
    private const int ClusterConnections = 4;

    /// <summary>
    /// Characters of names that one transaction takes: so it leaves in one piece, and no node that is stopped amid it keeps the cluster locked.
    /// </summary>
    private const int MaxTakenCharacters = 2000;

    private readonly Calls _calls = new(typeof(PostgreSqlClusterStore));
    private readonly Database _state;
    private readonly Database _cluster;
    private readonly Records _records;
    private readonly PostgreSqlStateStore _own;
    private readonly ClusterSql _sql;
    private readonly ClusterSignal _signal;
    private readonly Turns _turns = new();

    /// <summary>
    /// One transaction changes the cluster at a time, as the database would have it anyway: so one connection is enough for them, and a renewal never
    /// stands behind hundreds of releases for one of its own.
    /// </summary>
    private readonly SemaphoreSlim _changing = new(1, 1);
    private readonly string _channel;

    /// <summary>The greatest version that was seen since a node last joined here: a database with a lesser one has forgotten something.</summary>
    private long _seen;

    /// <summary>How long a renewal may take, for those that have joined here.</summary>
    private readonly ConcurrentDictionary<long, TimeSpan> _renewals = new();

    /// <summary>Makes a store. It connects with the first use.</summary>
    /// <param name="connectionString">
    /// Where the database is and who uses it, as Npgsql writes it: <c>Host=db1,db2;Username=smb3;Password=…;Database=smb3</c>. Unless it says otherwise,
    /// up to eight connections are used for state, and in any case up to four for the cluster, so that a renewal never waits for them.
    /// </param>
    /// <param name="options">How it is used.</param>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public PostgreSqlClusterStore(string connectionString, PostgreSqlStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        options ??= new PostgreSqlStoreOptions();
        _state = new Database(connectionString, options, StateConnections);
        _cluster = new Database(
            new NpgsqlConnectionStringBuilder(connectionString) { MinPoolSize = 0, MaxPoolSize = ClusterConnections }.ConnectionString, options, ClusterConnections, _state);
        _records = new Records(_state);
        _own = new PostgreSqlStateStore(_state, _records);
        _sql = new ClusterSql(_cluster);
        _channel = Channel(options.Schema);
        _signal = new ClusterSignal(_cluster, _channel, _sql.ReadVersion);
    }

    /// <inheritdoc/>
    public IStateStore State => _own;

    /// <inheritdoc/>
    public async ValueTask<ClusterMember> JoinAsync(ClusterNode node, TimeSpan leaseTime, CancellationToken cancellationToken)
    {
        ClusterLimits.Check(node, leaseTime);
        var incarnation = 0L;
        var key = Names.KeyOf(node.Name);
        await ChangeAsync(
            async (connection, token) =>
            {
                incarnation = 0;
                var level = 0;
                var batch = new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock)
                    .Add(
                        _sql.AddNode,
                        Sql.Of(node.Name),
                        Sql.Of(key),
                        Sql.Of(NodeAddresses.Write(node.Addresses)),
                        Sql.OfInt(node.MaxLevel),
                        Sql.Of((long)Math.Ceiling(leaseTime.TotalMilliseconds)),
                        Sql.Of(_records.Writer),
                        Sql.Of(_records.NextRequest()))
                    .Add(_sql.ReplaceOthers, Sql.Of(key)).Add(_sql.CountNode).Add(_sql.ForgetNodes);
                await EndAsync(batch, _sql.Notify, [row => level = row.GetInt32(0), row => incarnation = row.GetInt64(0)], token).ConfigureAwait(false);
                if (incarnation == 0)
                {
                    throw level <= node.MaxLevel ? ShutOut(node.Name) : new ClusterLevelException(
                        $"Node '{node.Name}' knows functional levels up to {node.MaxLevel}, and the cluster is at {level}: give it the version of the others.");
                }
            },
            cancellationToken,
            "node " + key).ConfigureAwait(false);
        _renewals[incarnation] = leaseTime / 3;
        Interlocked.Exchange(ref _seen, 0); // whoever joins knows nothing yet
        return new ClusterMember(incarnation, leaseTime);
    }

    /// <inheritdoc/>
    public async ValueTask RenewAsync(long incarnation, ClusterLoad load, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var most = _renewals.TryGetValue(incarnation, out var third) && third < _cluster.Options.Timeout ? third : _cluster.Options.Timeout;
        var seen = Interlocked.Read(ref _seen);
        var version = await _calls.RunAsync(async () =>
        {
            using var deadline = new Deadline(most, cancellationToken);
            return await _cluster.RunAsync(
                connection => connection.AskAsync(
                    _sql.Renew,
                    deadline.Work,
                    Sql.Of(incarnation),
                    Sql.Of(load.Opens),
                    Sql.Of(load.BytesPerSecond),
                    Sql.Of(load.IsDraining)),
                deadline).ConfigureAwait(false);
        }).ConfigureAwait(false);
        if (version is null || version < seen)
        {
            _renewals.TryRemove(incarnation, out _);
            throw version is null ? Gone(incarnation) : new StateFencedException(
                $"The database of the cluster has gone back from version {seen} to {version}: it has forgotten who owns what. The node has to join anew.");
        }
    }

    /// <inheritdoc/>
    public async ValueTask LeaveAsync(long incarnation, CancellationToken cancellationToken)
    {
        await ChangeAsync(
            (connection, token) => EndAsync(
                new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock).Add(_sql.Leave, Sql.Of(incarnation)).Add(_sql.CountVersion),
                _sql.Notify,
                [],
                token),
            cancellationToken).ConfigureAwait(false);
        _renewals.TryRemove(incarnation, out _);
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ClusterOwnership>> TakeAsync(
        long incarnation, IReadOnlyCollection<string> shares, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(shares);
        foreach (var share in shares)
        {
            ClusterLimits.CheckShare(share);
        }

        var taken = new List<ClusterOwnership>();
        var names = shares.DistinctBy(Names.KeyOf, StringComparer.Ordinal).ToArray();
        var done = 0;
        do
        {
            var count = Fitting(names.AsSpan(done));
            taken.AddRange(await TakeSomeAsync(incarnation, names[done..(done + count)], cancellationToken).ConfigureAwait(false));
            done += count;
        }
        while (done < names.Length);
        return taken;
    }

    /// <inheritdoc/>
    public async ValueTask ReleaseAsync(ClusterOwnership ownership, string? successor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(ownership);
        await ChangeAsync(
            (connection, token) => EndAsync(
                new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock).Add(
                    _sql.Release,
                    Sql.Of(Names.KeyOf(ownership.Share)),
                    Sql.Of(ownership.Epoch),
                    Sql.Of(ownership.Incarnation),
                    Sql.Of(successor is null ? null : Names.KeyOf(successor))),
                token),
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> RequestMoveAsync(string share, string? node, long asOf, CancellationToken cancellationToken)
    {
        ClusterLimits.CheckShare(share);
        var done = false;
        await ChangeAsync(
            (connection, token) =>
            {
                done = false;
                return EndAsync(
                    new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock).Add(
                        _sql.RequestMove, Sql.Of(Names.KeyOf(share)), Sql.Of(node is null ? null : Names.KeyOf(node)), Sql.Of(asOf)),
                    token,
                    null,
                    _ => done = true);
            },
            cancellationToken).ConfigureAwait(false);
        return done;
    }

    /// <inheritdoc/>
    public async ValueTask AddPartAsync(ClusterOwnership whole, string part, string folder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ClusterLimits.CheckPart(part, folder);
        await ChangeAsync(
            async (connection, token) =>
            {
                var found = new PartFound();
                var key = Names.KeyOf(part);
                var batch = new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock)
                    .Add(_sql.AddPart, [.. Of(whole), Sql.Of(key), Sql.Of(part), Sql.Of(folder), Sql.OfInt(ClusterLimits.PartsLevel)])
                    .Add(_sql.FindPart, [.. Of(whole), Sql.Of(key)]);
                await EndAsync(batch, token, row => found.Level = row.GetInt32(0), found.Read).ConfigureAwait(false);
                if (!found.IsOwned)
                {
                    throw Lost(whole);
                }

                if (found.Level < ClusterLimits.PartsLevel)
                {
                    throw new ClusterLevelException(
                        $"Shares can be split from functional level {ClusterLimits.PartsLevel} on, and the cluster is at {found.Level}.");
                }

                if (!found.IsPart || found.Folder != folder)
                {
                    throw new ArgumentException($"The name '{part}' is, or was, that of another share.", nameof(part));
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask RemovePartAsync(ClusterOwnership whole, ClusterOwnership part, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(whole);
        ArgumentNullException.ThrowIfNull(part);
        var same = part.Incarnation == whole.Incarnation;
        await ChangeAsync(
            async (connection, token) =>
            {
                var found = new PartFound();
                var key = Names.KeyOf(part.Share);
                var holder = Holder.OfShare(part.Share, string.Empty).Name;
                var batch = new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock)
                    .Add(_sql.RemovePart, [.. Of(whole), Sql.Of(key), Sql.Of(same ? part.Epoch : -1)])
                    .Add(_sql.BarState, Sql.Of(key), Sql.Of(holder)).Add(_sql.ForgetState, Sql.Of(key), Sql.Of(holder))
                    .Add(_sql.FindPart, [.. Of(whole), Sql.Of(key)]);
                await EndAsync(batch, token, null, found.Read).ConfigureAwait(false);
                if (found is not { IsOwned: true, IsPart: true, Folder: null })
                {
                    throw found.IsOwned ? Lost(part) : Lost(whole);
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ClusterView> ReadAsync(long since, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await _calls.RunAsync(async () =>
        {
            using var deadline = new Deadline(_cluster.Options.Timeout, cancellationToken);
            return await _cluster.RunAsync(connection => ReadAsync(connection, since, deadline.Work), deadline).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(long since, TimeSpan atMost, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _calls.RunAsync(() => _signal.WaitAsync(since, atMost, cancellationToken)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask ConfigureAsync(ClusterSettings settings, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        await ChangeAsync(
            async (connection, token) =>
            {
                var level = 0;
                var done = false;
                (string Name, int Level)? old = null;
                await EndAsync(
                    new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock).Add(_sql.FindOld, Sql.OfInt(settings.Level))
                        .Add(_sql.Configure, Sql.OfInt(settings.Level), Sql.OfInt(settings.MaxDialect)),
                    _sql.Notify,
                    [row => level = row.GetInt32(0), row => old = (row.GetString(0), row.GetInt32(1)), _ => done = true],
                    token).ConfigureAwait(false);
                if (!done)
                {
                    throw new ClusterLevelException(settings.Level < level
                        ? $"The functional level is {level}, and never goes down."
                        : $"Node '{old?.Name}' knows functional levels up to {old?.Level}: give it a newer version before the cluster goes to {settings.Level}.");
                }
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> FenceAsync(string node, bool isOut, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(node);
        var isKnown = false;
        await ChangeAsync(
            (connection, token) =>
            {
                isKnown = false;
                return EndAsync(
                    new ClusterBatch(connection).Add(ClusterSql.Begin).Add(_sql.Lock).Add(_sql.FindNode, Sql.Of(Names.KeyOf(node)))
                        .Add(isOut ? _sql.FenceNode : _sql.UnfenceNode, Sql.Of(Names.KeyOf(node))).Add(_sql.CountVersion),
                    _sql.Notify,
                    [null, _ => isKnown = true],
                    token);
            },
            cancellationToken).ConfigureAwait(false);
        return isKnown;
    }

    /// <inheritdoc/>
    public IStateStore OpenState(ClusterOwnership ownership)
    {
        ArgumentNullException.ThrowIfNull(ownership);
        return new ShareState(_calls, _records, ownership);
    }

    /// <summary>Waits until what was begun has ended, and closes the connections. Nobody leaves the cluster by that.</summary>
    public async ValueTask DisposeAsync()
    {
        var ended = _calls.EndAsync();
        await _signal.DisposeAsync().ConfigureAwait(false);
        await ended.ConfigureAwait(false);
        _changing.Dispose();
        await _own.DisposeAsync().ConfigureAwait(false);
        await _cluster.DisposeAsync().ConfigureAwait(false);
        await _state.DisposeAsync().ConfigureAwait(false);
    }

    private static StateFencedException Gone(long incarnation) => new($"The lease of incarnation {incarnation} is not valid any more.");

    private static StateFencedException ShutOut(string node) =>
        new($"Node '{node}' is shut out of the cluster: an administrator has to let it in again.");

    private static StateFencedException Lost(ClusterOwnership ownership) => new($"Share '{ownership.Share}' was taken over by another node.");

    /// <summary>The share, its epoch and its owner.</summary>
    private static NpgsqlParameter[] Of(ClusterOwnership ownership) =>
        [Sql.Of(Names.KeyOf(ownership.Share)), Sql.Of(ownership.Epoch), Sql.Of(ownership.Incarnation)];

    /// <summary>The channel of a schema: a name that PostgreSQL does not cut short.</summary>
    private static string Channel(string schema) =>
        "smb3_" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Holder.Bytes(schema)).AsSpan(0, 8));

    /// <summary>How many names fit into a transaction: one at least.</summary>
    private static int Fitting(ReadOnlySpan<string> names)
    {
        var count = 0;
        for (var characters = 0; count < names.Length; count++)
        {
            characters += names[count].Length;
            if (count > 0 && characters > MaxTakenCharacters)
            {
                break;
            }
        }

        return count;
    }

    private async Task<List<ClusterOwnership>> TakeSomeAsync(long incarnation, string[] names, CancellationToken cancellationToken)
    {
        var taken = new List<ClusterOwnership>();
        var keys = Array.ConvertAll(names, Names.KeyOf);
        var holders = Array.ConvertAll(names, static name => Holder.OfShare(name, string.Empty).Name);
        await ChangeAsync(
            async (connection, token) =>
            {
                taken.Clear();
                var isValid = false;
                var request = _records.NextRequest();
                NpgsqlParameter[] Who() => [Sql.Of(incarnation), Sql.Of(_records.Writer), Sql.Of(request)];
                await EndAsync(
                    new ClusterBatch(connection).Add(ClusterSql.Begin).Add(ClusterSql.LimitWaits).Add(_sql.Lock)
                        .Add(_sql.BeginTaking, Who())
                        .Add(_sql.EndLeases)
                        .Add(_sql.AddShares, [.. Who(), Sql.Of(keys), Sql.Of(names)])
                        .Add(_sql.Take, [.. Who(), Sql.Of(keys)])
                        .Add(_sql.Fence, Sql.Of(incarnation), Sql.Of(keys), Sql.Of(holders)),
                    token,
                    null,
                    _ => isValid = true,
                    row => taken.Add(new ClusterOwnership(row.GetString(0), incarnation, row.GetInt64(1)))).ConfigureAwait(false);
                if (!isValid)
                {
                    throw Gone(incarnation);
                }
            },
            cancellationToken,
            $"incarnation {incarnation}").ConfigureAwait(false);
        return taken;
    }

    private void See(long version)
    {
        while (Interlocked.Read(ref _seen) is var seen && version > seen && Interlocked.CompareExchange(ref _seen, version, seen) != seen)
        {
            // Another reading was faster.
        }
    }

    private async Task<ClusterView> ReadAsync(NpgsqlConnection connection, long since, CancellationToken cancellationToken)
    {
        var version = 0L;
        var settings = new ClusterSettings();
        var nodes = new List<ClusterNodeState>();
        var shares = new List<ClusterShareState>();
        var batch = new ClusterBatch(connection);
        await using var batchUse = batch.ConfigureAwait(false);
        await batch.Add(ClusterSql.BeginReading).Add(_sql.ReadCluster).Add(_sql.ReadNodes).Add(_sql.ReadShares, Sql.Of(since)).Add(ClusterSql.Commit).DoAsync(
            [
                row =>
                {
                    version = row.GetInt64(0);
                    settings = new ClusterSettings { Level = row.GetInt32(1), MaxDialect = row.IsDBNull(2) ? null : row.GetInt32(2) };
                },
                row => nodes.Add(new ClusterNodeState(
                    new ClusterNode { Name = row.GetString(1), Addresses = NodeAddresses.Read(row.GetString(2)), MaxLevel = row.GetInt32(3) },
                    row.GetInt64(0),
                    TimeSpan.FromMilliseconds(row.GetDouble(4)),
                    new ClusterLoad(row.GetInt64(5), row.GetInt64(6), row.GetBoolean(7)),
                    row.GetBoolean(8))
                {
                    IsFenced = row.GetBoolean(9),
                }),
                row => shares.Add(new ClusterShareState(
                    row.GetString(0),
                    row.IsDBNull(1) ? null : row.GetString(1),
                    row.GetInt64(2),
                    row.GetInt64(3),
                    TimeSpan.FromMilliseconds(row.GetDouble(4)),
                    row.IsDBNull(5) ? null : row.GetString(5),
                    row.IsDBNull(6) ? null : row.GetString(6))
                {
                    PartOf = row.IsDBNull(7) ? null : row.GetString(7),
                    Folder = row.IsDBNull(8) ? null : row.GetString(8),
                }),
            ],
            cancellationToken).ConfigureAwait(false);
        See(version);
        return new ClusterView(
            version,
            settings,
            [.. nodes.OrderBy(static node => node.Node.Name, StringComparer.OrdinalIgnoreCase).ThenBy(static node => node.Incarnation)],
            [.. shares.OrderBy(static share => share.Share, StringComparer.OrdinalIgnoreCase)]);
    }

    /// <summary>Carries a transaction of the cluster out; those of one node one after the other, so that only one that was given up comes too late.</summary>
    private async Task ChangeAsync(
        Func<NpgsqlConnection, CancellationToken, Task> change, CancellationToken cancellationToken, string? inOrderOf = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await _calls.RunAsync(async () =>
        {
            using var deadline = new Deadline(_cluster.Options.Timeout, cancellationToken);
            async Task<bool> OnceAsync()
            {
                await _changing.WaitAsync(deadline.Token).ConfigureAwait(false);
                try
                {
                    return await _cluster.RunAsync(
                        async connection =>
                        {
                            await change(connection, deadline.Work).ConfigureAwait(false);
                            return true;
                        },
                        deadline).ConfigureAwait(false);
                }
                finally
                {
                    _changing.Release();
                }
            }

            try
            {
                return inOrderOf is not null
                    ? await _turns.RunAsync(inOrderOf, OnceAsync, deadline.Token).ConfigureAwait(false) : await OnceAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw _cluster.TimedOut(_cluster.Options.Timeout); // before its turn came
            }
        }).ConfigureAwait(false);
    }

    /// <summary>Ends a transaction that may have changed shares, and carries it out.</summary>
    private async Task EndAsync(ClusterBatch batch, CancellationToken cancellationToken, params Action<NpgsqlDataReader>?[] read)
    {
        if (_cluster.HasNotifications)
        {
            batch.Add(_sql.NotifyChanges, Sql.Of(_channel));
        }

        await using var batchUse = batch.ConfigureAwait(false);
        await batch.Add(_sql.CountChanges).Add(ClusterSql.Commit).DoAsync(read, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends a transaction that has counted the version up itself, and carries it out.</summary>
    private async Task EndAsync(
        ClusterBatch batch, string notify, Action<NpgsqlDataReader>?[] read, CancellationToken cancellationToken)
    {
        if (_cluster.HasNotifications)
        {
            batch.Add(notify, Sql.Of(_channel));
        }

        await using var batchUse = batch.ConfigureAwait(false);
        await batch.Add(ClusterSql.Commit).DoAsync(read, cancellationToken).ConfigureAwait(false);
    }
}
