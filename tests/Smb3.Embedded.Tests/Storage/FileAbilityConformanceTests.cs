using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.Storage;

public sealed class MemoryNamedStreamConformance : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class CaseSensitiveMemoryNamedStreamConformance : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = true }));
}

public class PhysicalNamedStreamConformance : NamedStreamPromises
{
    private readonly TemporaryFolder _folder = new();

    internal virtual PhysicalFileStoreOptions Options => new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path, Options));
}

public sealed class MemoryExtendedAttributeConformance : ExtendedAttributePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class CaseSensitiveMemoryExtendedAttributeConformance : ExtendedAttributePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = true }));
}

public class PhysicalExtendedAttributeConformance : ExtendedAttributePromises
{
    private readonly TemporaryFolder _folder = new();

    internal virtual PhysicalFileStoreOptions Options => new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path, Options));
}

public sealed class MemorySecurityDescriptorConformance : SecurityDescriptorPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class CaseSensitiveMemorySecurityDescriptorConformance : SecurityDescriptorPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = true }));
}

public class PhysicalSecurityDescriptorConformance : SecurityDescriptorPromises
{
    private readonly TemporaryFolder _folder = new();

    internal virtual PhysicalFileStoreOptions Options => new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new PhysicalFileStore(_folder.Path, Options));
}

public sealed class CaseSensitivePhysicalNamedStreamConformance : PhysicalNamedStreamConformance
{
    internal override PhysicalFileStoreOptions Options => new() { CaseSensitive = true };
}
