using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;
using Smb3.Embedded.StoreConformance;
using Smb3.Embedded.Tests.Storage;

namespace Smb3.Embedded.Tests.State;

public sealed class MemoryStateStoreConformance : StateStoreConformance
{
    protected override bool OutlivesInstances => false;

    protected override ValueTask<IStateStore> OpenStoreAsync() => new(new MemoryStateStore());
}

public sealed class SqliteStateStoreConformance : StateStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IStateStore> OpenStoreAsync() => new(new SqliteStateStore(Path.Join(_folder.Path, "state.db")));
}
