using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.Storage;

public sealed class MemorySparsePromises : SparsePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryReparsePromises : ReparsePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryClonePromises : ClonePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}
