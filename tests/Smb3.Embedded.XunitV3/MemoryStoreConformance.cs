using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.XunitV3;

public sealed class MemoryStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

/// <summary>A small volume: the kit asks no more of a store than it has.</summary>
public sealed class SmallStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore(new MemoryFileStoreOptions { Capacity = 4 << 20 }));
}

public sealed class MemoryStreamPromises : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}
