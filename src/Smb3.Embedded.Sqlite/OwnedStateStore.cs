using Smb3.Embedded.State;

namespace Smb3.Embedded.Sqlite;

/// <summary>A store that the services of a server dispose.</summary>
internal sealed class OwnedStateStore : IAsyncDisposable, IDisposable
{
    private SqliteStateStore? _store;
    private bool _isSettled;

    /// <summary>
    /// The store on a file. One on another file, which nobody has used so far, gives way to it; once <see cref="Settle"/> was called there is none but
    /// that one, or none at all.
    /// </summary>
    public SqliteStateStore? Open(string place)
    {
        if (_isSettled)
        {
            return _store;
        }

        var file = Path.GetFullPath(Directory.Exists(place) ? Path.Combine(place, SqliteStateBuilderExtensions.DefaultFileName) : place);
        if (_store?.Path != file)
        {
            _store?.Dispose();
            _store = new SqliteStateStore(file);
        }

        return _store;
    }

    /// <summary>The server has its settings: later ones do not change the file.</summary>
    public void Settle() => _isSettled = true;

    /// <summary>Whether no other store has been chosen than this one.</summary>
    public bool IsOrNone(IStateStore? chosen) => chosen is null || chosen == _store;

    public ValueTask DisposeAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void Dispose() => _store?.Dispose();
}
