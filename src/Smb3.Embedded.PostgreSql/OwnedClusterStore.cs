namespace Smb3.Embedded.PostgreSql;

/// <summary>A cluster's store that the services of a server dispose, also where they do not wait.</summary>
internal sealed class OwnedClusterStore : IAsyncDisposable, IDisposable
{
    private PostgreSqlClusterStore? _store;

    public PostgreSqlClusterStore Open(string connectionString, PostgreSqlStoreOptions? options) =>
        _store ??= new PostgreSqlClusterStore(connectionString, options);

    public ValueTask DisposeAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
