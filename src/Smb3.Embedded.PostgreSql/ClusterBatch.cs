using Npgsql;

namespace Smb3.Embedded.PostgreSql;

/// <summary>A transaction that is sent as a whole: the server carries it out whether its sender goes on or not.</summary>
internal sealed class ClusterBatch(NpgsqlConnection connection) : IAsyncDisposable
{
    private readonly NpgsqlBatch _batch = new(connection) { Timeout = 0 };

    public ClusterBatch Add(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        _batch.BatchCommands.Add(command);
        return this;
    }

    /// <summary>Carries it out.</summary>
    /// <param name="read">What to do with the rows of each statement that gives any kind of rows, in their order.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task DoAsync(IReadOnlyList<Action<NpgsqlDataReader>?> read, CancellationToken cancellationToken)
    {
        var reader = await _batch.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await using var readerUse = reader.ConfigureAwait(false);
        var statement = 0;
        do
        {
            if (reader.FieldCount == 0)
            {
                continue;
            }

            var row = statement < read.Count ? read[statement] : null;
            statement++;
            while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                row?.Invoke(reader);
            }
        }
        while (await reader.NextResultAsync(cancellationToken).ConfigureAwait(false));
    }

    public ValueTask DisposeAsync() => _batch.DisposeAsync();
}
