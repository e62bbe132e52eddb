using System.Collections.Concurrent;
using Npgsql;
using Smb3.Embedded.State;

namespace Smb3.Embedded.PostgreSql;

/// <summary>
/// Reads and changes the records of holders. Batches of one holder are carried out one after the other, in the order of the calls; those of
/// different holders beside each other.
/// </summary>
internal sealed class Records(Database database)
{
    /// <summary>Bytes that must go to the server within a second, whatever else the time is for.</summary>
    private const long BytesPerSecond = 1 << 20;

    private readonly RecordSql _sql = new(database);
    private readonly Turns _turns = new();

    /// <summary>Holders whose last batch is not known to be done or refused: it may still be on its way.</summary>
    private readonly ConcurrentDictionary<string, long> _doubtful = new(StringComparer.Ordinal);

    private long _request;

    /// <summary>What tells this writer from all others; zero is nobody.</summary>
    public long Writer { get; } = Random.Shared.NextInt64(1, long.MaxValue);

    /// <summary>Bytes from which on a batch is cut.</summary>
    public long MaxPieceBytes { get; init; } = Batch.MaxPieceBytes;

    /// <summary>Whether records are put and removed by statements of their own, whatever the database is.</summary>
    public bool ChangesTableOnce { get; init; }

    /// <summary>A number above all before.</summary>
    public long NextRequest() => Interlocked.Increment(ref _request);

    /// <summary>The token of a holder; 0: there is none.</summary>
    public async Task<long> TokenAsync(Holder holder, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(database.Options.Timeout, cancellationToken);
        return await database.RunAsync(
            async connection => await connection.AskAsync(_sql.Token, deadline.Work, Sql.Of(holder.Name)).ConfigureAwait(false) ?? 0, deadline).ConfigureAwait(false);
    }

    /// <summary>Gives a holder a new token.</summary>
    public async Task<long> TakeOverAsync(Holder holder, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(database.Options.Timeout, cancellationToken);
        return await database.RunAsync(
            async connection =>
            {
                var token = await connection.AskAsync(_sql.MakeHolder, deadline.Work, Sql.Of(holder.Name)).ConfigureAwait(false);
                while (token is null)
                {
                    var last = await connection.AskAsync(_sql.Token, deadline.Work, Sql.Of(holder.Name)).ConfigureAwait(false) ?? 0;
                    token = await connection.AskAsync(_sql.TakeOver, deadline.Work, Sql.Of(holder.Name), Sql.Of(last)).ConfigureAwait(false);
                }

                return token.Value;
            },
            deadline).ConfigureAwait(false);
    }

    /// <summary>Reads all records of a scope.</summary>
    public async Task<IReadOnlyList<StateRecord>> ReadAsync(Holder holder, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(database.Options.Timeout, cancellationToken);
        return await database.RunAsync(
            async connection =>
            {
                var command = connection.Command(_sql.Read, Sql.Of(holder.Name), Sql.Of(Holder.Bytes(holder.Scope)));
                await using var commandUse = command.ConfigureAwait(false);
                var reader = await command.ExecuteReaderAsync(deadline.Work).ConfigureAwait(false);
                await using var readerUse = reader.ConfigureAwait(false);
                var records = new List<StateRecord>();
                long extended = 0, size = 0;
                while (await reader.ReadAsync(deadline.Work).ConfigureAwait(false))
                {
                    var value = reader.GetFieldValue<byte[]>(1);
                    records.Add(new StateRecord(Holder.Text(reader.GetFieldValue<byte[]>(0)), value));
                    size += value.Length;
                    if (size - extended > BytesPerSecond)
                    {
                        extended = size;
                        deadline.Extend(); // as long as they come
                    }
                }

                return records;
            },
            deadline).ConfigureAwait(false);
    }

    /// <summary>Carries a batch out.</summary>
    public async Task<bool> CommitAsync(Holder holder, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        var batch = Batch.Of(changes, MaxPieceBytes);
        var time = database.Options.Timeout + TimeSpan.FromSeconds((double)batch.Size / BytesPerSecond);
        using var deadline = new Deadline(time, cancellationToken);
        try
        {
            return await _turns.RunAsync(
                holder.ThingName,
                () => database.RunAsync(connection => CommitAsync(connection, holder, token, batch, deadline.Work), deadline),
                deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw database.TimedOut(time); // before its turn came
        }
    }

    private async Task<bool> CommitAsync(NpgsqlConnection connection, Holder holder, long token, Batch batch, CancellationToken cancellationToken)
    {
        if (batch is { Size: 0, Pieces: [{ Gone.Count: 0, Keys.Count: 0 }] })
        {
            return await connection.AskAsync(_sql.Token, cancellationToken, Sql.Of(holder.Name)).ConfigureAwait(false) == token
                ? true : throw new StateFencedException(holder.Said);
        }

        var pieces = ChangesTableOnce || database.ChangesTableOnce ? batch.Apart() : batch.Pieces;
        if (_doubtful.ContainsKey(holder.ThingName))
        {
            // One that is still on its way either ends before this, or finds that it is too late.
            await ExpectAsync(connection.AskAsync(_sql.Bar, cancellationToken, Who(holder, token, NextRequest()))).ConfigureAwait(false);
        }

        var request = NextRequest();
        _doubtful[holder.ThingName] = request;
        if (pieces.Count == 1)
        {
            await ExpectAsync(connection.AskAsync(
                _sql.Commit(pieces[0]), cancellationToken, All(Who(holder, token, request), holder, pieces[0]))).ConfigureAwait(false);
        }
        else
        {
            await connection.DoAsync(ClusterSql.Begin, cancellationToken).ConfigureAwait(false);
            await ExpectAsync(connection.AskAsync(_sql.Bar, cancellationToken, Who(holder, token, request))).ConfigureAwait(false);
            foreach (var piece in pieces)
            {
                await ExpectAsync(connection.AskAsync(
                    _sql.CommitPiece(piece), cancellationToken, All(Who(holder, token, request), holder, piece))).ConfigureAwait(false);
            }

            await connection.DoAsync(ClusterSql.Commit, cancellationToken).ConfigureAwait(false);
        }

        _doubtful.TryRemove(new KeyValuePair<string, long>(holder.ThingName, request));
        return true;

        async Task ExpectAsync(Task<long?> id)
        {
            if (await id.ConfigureAwait(false) is null)
            {
                _doubtful.TryRemove(holder.ThingName, out _);
                throw new StateFencedException(holder.Said);
            }
        }
    }

    private NpgsqlParameter[] Who(Holder holder, long token, long request) =>
        [Sql.Of(holder.Name), Sql.Of(token), Sql.Of(Writer), Sql.Of(request)];

    private static NpgsqlParameter[] All(NpgsqlParameter[] who, Holder holder, Batch.Piece piece)
    {
        List<NpgsqlParameter> all = [.. who, Sql.Of(Holder.Bytes(holder.Scope))];
        if (piece.Gone.Count > 0 || piece.Keys.Count == 0)
        {
            all.Add(Sql.Of(piece.Gone.ToArray()));
        }

        if (piece.Keys.Count > 0)
        {
            all.AddRange([Sql.Of(piece.Keys.ToArray()), Sql.Of(piece.Values.ToArray())]);
        }

        return [.. all];
    }
}
