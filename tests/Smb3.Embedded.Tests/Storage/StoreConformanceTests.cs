using Microsoft.Extensions.FileProviders;
using Smb3.Embedded.Samples.SqliteStore;
using Smb3.Embedded.Samples.ZioStore;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Objects;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.Storage.Physical.Options;
using Smb3.Embedded.Storage.Providers;
using Smb3.Embedded.StoreConformance;
using Zio.FileSystems;

namespace Smb3.Embedded.Tests.Storage;

public sealed class MemoryStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class CaseSensitiveMemoryStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore(new MemoryFileStoreOptions { CaseSensitive = true }));
}

public sealed class ObjectStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryObjectStore());
}

public sealed class EncryptedObjectStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryObjectStore().WithEncryption(new byte[32]));
}

/// <summary>Small pages, nothing read ahead, and everything in temporary files.</summary>
public sealed class NarrowObjectStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryObjectStore(new ObjectFileStoreOptions
    {
        MaxFileLength = 8 << 20, PageSize = 3, ReadAhead = 0, SpoolMemory = 0, RememberNames = TimeSpan.Zero,
    }));
}

public sealed class CaseSensitiveObjectStoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryObjectStore(new ObjectFileStoreOptions { MaxFileLength = 8 << 20, CaseSensitive = true }));
}

/// <summary>The sample's store.</summary>
public sealed class SqliteFileStoreConformance : FileStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new SqliteFileStore(Path.Join(_folder.Path, "files.db"), new ObjectFileStoreOptions { MaxFileLength = 8 << 20 }));
}

/// <summary>The sample's store, over two file systems of Zio.</summary>
public sealed class ZioFileStoreConformance : FileStoreConformance
{
    protected override bool NumbersOutliveRenames => false;

    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new ZioFileStore(new MemoryFileSystem(), new ObjectFileStoreOptions { MaxFileLength = 8 << 20, PageSize = 7 }));
}

public sealed class ZioFolderConformance : FileStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    protected override bool NumbersOutliveRenames => false;

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync()
    {
        var disk = new PhysicalFileSystem();
        return new(new ZioFileStore(
            new SubFileSystem(disk, disk.ConvertPathFromInternal(_folder.Path)), new ObjectFileStoreOptions { MaxFileLength = 8 << 20 }));
    }
}

public abstract class PhysicalConformance : FileStoreConformance
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

public sealed class PhysicalStoreConformance : PhysicalConformance;

public sealed class PhysicalStoreWithQuotasConformance : PhysicalConformance
{
    internal override PhysicalFileStoreOptions Options => new() { Quotas = true };
}

public sealed class CaseSensitivePhysicalStoreConformance : PhysicalConformance
{
    internal override PhysicalFileStoreOptions Options => new() { CaseSensitive = true };
}

public sealed class PhysicalStoreWithoutOpenAt2Conformance : PhysicalConformance
{
    internal override PhysicalFileStoreOptions Options => new() { Backend = PhysicalBackend.LinuxWalk };
}

public sealed class PortablePhysicalStoreConformance : PhysicalConformance
{
    internal override PhysicalFileStoreOptions Options => new() { Backend = PhysicalBackend.Portable };
}

public sealed class FileProviderStoreConformance : ReadOnlyFileStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        Fill(_folder.Path, files);
        return new(new FileProviderStore(new PhysicalFileProvider(_folder.Path)));
    }

    internal static void Fill(string folder, IReadOnlyDictionary<string, byte[]> files)
    {
        foreach (var (path, data) in files)
        {
            var full = Path.Join(folder, path.Replace('\\', Path.DirectorySeparatorChar));
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            File.WriteAllBytes(full, data);
        }
    }
}

public sealed class FileProviderStoreWithoutSeekingConformance : ReadOnlyFileStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        FileProviderStoreConformance.Fill(_folder.Path, files);
        return new(new FileProviderStore(new ForwardOnlyProvider(new PhysicalFileProvider(_folder.Path))));
    }
}

public sealed class ReadOnlyPhysicalStoreConformance : ReadOnlyFileStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        FileProviderStoreConformance.Fill(_folder.Path, files);
        return new(new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { ReadOnly = true }));
    }
}
