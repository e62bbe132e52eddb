using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
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

public sealed class MemoryCopyPromises : CopyPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryCompressionPromises : CompressionPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryObjectIdPromises : ObjectIdPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryExtentPromises : ExtentPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryErasingPromises : ErasingPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class MemoryPosixPromises : PosixPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class PhysicalSparsePromises : SparsePromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path));
}

public sealed class PhysicalReparsePromises : ReparsePromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path));
}

public sealed class PhysicalCopyPromises : CopyPromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path));
}

public sealed class PhysicalObjectIdPromises : ObjectIdPromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path));
}

public sealed class PhysicalPosixPromises : PosixPromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path));
}

public sealed class PhysicalChangePromises : ChangePromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path));

    protected override async ValueTask WriteOutsideAsync(StorePath path, byte[] data) => await File.WriteAllBytesAsync(At(path), data);

    protected override ValueTask DeleteOutsideAsync(StorePath path)
    {
        File.Delete(At(path));
        return default;
    }

    private string At(StorePath path) => Path.Join(_folder.Path, path.Text.Replace('\\', '/'));
}
