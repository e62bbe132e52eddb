using Smb3.Embedded.State;

namespace Smb3.Embedded.PostgreSql;

/// <summary>A store that the services of a server dispose, also where they do not wait.</summary>
internal sealed class OwnedStateStore(IStateStore store) : IAsyncDisposable, IDisposable
{
    public IStateStore Store => store;

    public ValueTask DisposeAsync() => store.DisposeAsync();

    public void Dispose() => store.DisposeAsync().AsTask().GetAwaiter().GetResult();
}
