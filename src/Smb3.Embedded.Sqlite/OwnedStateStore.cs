namespace Smb3.Embedded.Sqlite;

/// <summary>A store that the services of a server dispose.</summary>
internal sealed class OwnedStateStore : IAsyncDisposable, IDisposable
{
    private SqliteStateStore? _store;

    public SqliteStateStore Open(string place) =>
        _store ??= new SqliteStateStore(Directory.Exists(place) ? Path.Combine(place, SqliteStateBuilderExtensions.DefaultFileName) : place);

    public ValueTask DisposeAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void Dispose() => _store?.Dispose();
}
