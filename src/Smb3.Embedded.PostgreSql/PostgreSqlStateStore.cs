using Smb3.Embedded.State;

namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// Keeps state in a PostgreSQL database, or one of its kin that speaks its language (CockroachDB, YugabyteDB). Any number of servers may use it: each scope
/// belongs to whoever acquired it last. The tables are made with the first use.
/// </summary>
/// <remarks>
/// A batch is as durable as the database makes it, with its own <c>synchronous_commit</c>. What a restart of the database or a change of its primary
/// interrupts is tried again for <see cref="PostgreSqlStoreOptions.Timeout"/>; a batch that was given up is not carried out behind a later one. What
/// cannot be done is a <see cref="PostgreSqlStoreException"/>; the next call tries again.
/// </remarks>
public sealed class PostgreSqlStateStore : IStateStore
{
    private const int Connections = 8;

    private readonly Calls _calls = new(typeof(PostgreSqlStateStore));
    private readonly Database _database;
    private readonly Records _records;
    private readonly bool _ownsDatabase;

    /// <summary>Makes a store. It connects with the first use.</summary>
    /// <param name="connectionString">
    /// Where the database is and who uses it, as Npgsql writes it: <c>Host=db;Username=smb3;Password=…;Database=smb3</c>. Unless it says otherwise, up to
    /// eight connections are used.
    /// </param>
    /// <param name="options">How it is used.</param>
    /// <exception cref="ArgumentException">The connection string is not one.</exception>
    public PostgreSqlStateStore(string connectionString, PostgreSqlStoreOptions? options = null)
        : this(connectionString, options, Batch.MaxPieceBytes)
    {
    }

    /// <summary>Makes a store that cuts batches into pieces which a test can wait for, and as CockroachDB wants them.</summary>
    internal PostgreSqlStateStore(string connectionString, PostgreSqlStoreOptions? options, long maxPieceBytes, bool changesTableOnce = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        _database = new Database(connectionString, options ?? new PostgreSqlStoreOptions(), Connections);
        _records = new Records(_database) { MaxPieceBytes = maxPieceBytes, ChangesTableOnce = changesTableOnce };
        _ownsDatabase = true;
    }

    /// <summary>Makes the store of a cluster.</summary>
    internal PostgreSqlStateStore(Database database, Records records)
    {
        _database = database;
        _records = records;
    }

    /// <inheritdoc/>
    public ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<long>(cancellationToken)
            : _calls.RunAsync(() => _records.TakeOverAsync(Holder.OfScope(scope), cancellationToken));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        return cancellationToken.IsCancellationRequested ? ValueTask.FromCanceled<IReadOnlyList<StateRecord>>(cancellationToken)
            : _calls.RunAsync(() => _records.ReadAsync(Holder.OfScope(scope), cancellationToken));
    }

    /// <inheritdoc/>
    public async ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope, changes);
        cancellationToken.ThrowIfCancellationRequested();
        await _calls.RunAsync(() => _records.CommitAsync(Holder.OfScope(scope), token, changes, cancellationToken)).ConfigureAwait(false);
    }

    /// <summary>Waits until what was begun has ended, and closes the connections.</summary>
    public async ValueTask DisposeAsync()
    {
        await _calls.EndAsync().ConfigureAwait(false);
        if (_ownsDatabase)
        {
            await _database.DisposeAsync().ConfigureAwait(false);
        }
    }
}
