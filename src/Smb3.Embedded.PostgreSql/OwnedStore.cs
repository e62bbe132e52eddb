namespace Smb3.Embedded.PostgreSql;

/// <summary>A store that the services of a server dispose, also where they do not wait. Which one it is, is known only when the settings are.</summary>
internal sealed class OwnedStore<TStore> : IAsyncDisposable, IDisposable
    where TStore : class, IAsyncDisposable
{
    private TStore? _store;

    /// <summary>The store, which the first call makes.</summary>
    public TStore Open(Func<TStore> make) => _store ??= make();

    public ValueTask DisposeAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;

    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
