using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.Storage.Layers;

public sealed class ReadOnlyLayerConformance : ReadOnlyFileStoreConformance
{
    protected override async ValueTask<IFileStore> CreateStoreAsync(IReadOnlyDictionary<string, byte[]> files)
    {
        var below = new MemoryFileStore();
        foreach (var (path, data) in files)
        {
            var folders = new StorePath(path).Parent.Text.Split('\\', StringSplitOptions.RemoveEmptyEntries);
            for (var i = 1; i <= folders.Length; i++)
            {
                await below.NewFolderAsync(string.Join('\\', folders[..i]));
            }

            await using var file = await below.NewFileAsync(path);
            await file.WriteAsync(0, new(data), CancellationToken.None);
        }

        return below.ReadOnly();
    }
}

public sealed class QuotaLayerConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

/// <summary>Over a store with few abilities, whose handles are asked at their close.</summary>
public sealed class QuotaLayerOnObjectsConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryObjectStore().WithQuota(8 << 20));
}

public sealed class QuotaLayerStreamPromises : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

public sealed class QuotaLayerSparsePromises : SparsePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(1L << 40));
}

public sealed class QuotaLayerCopyPromises : CopyPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

public sealed class QuotaLayerClonePromises : ClonePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

public sealed class QuotaLayerExtendedAttributePromises : ExtendedAttributePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

public sealed class QuotaLayerSecurityDescriptorPromises : SecurityDescriptorPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

public sealed class QuotaLayerReparsePromises : ReparsePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

/// <summary>The quotas of owners below go on.</summary>
public sealed class QuotaLayerQuotaPromises : QuotaPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithQuota(8L << 30));
}

/// <summary>The kit counts what folders list.</summary>
public sealed class RecycleBinLayerConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore().WithRecycleBin(new RecycleBinOptions { IsListed = false }));
}

public sealed class RecycleBinLayerOnObjectsConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryObjectStore().WithRecycleBin(new RecycleBinOptions { IsListed = false }));
}

public sealed class RecycleBinLayerStreamPromises : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithRecycleBin());
}

public sealed class VersionLayerConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithVersions());
}

public sealed class VersionLayerOnObjectsConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryObjectStore().WithVersions());
}

public sealed class VersionLayerStreamPromises : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithVersions());
}

public sealed class VersionLayerSparsePromises : SparsePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithVersions());
}

public sealed class VersionLayerClonePromises : ClonePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore().WithVersions());
}

/// <summary>A time is told once something has changed since.</summary>
public sealed class VersionLayerSnapshotPromises : SnapshotPromises
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 31, 11, 30, 0, TimeSpan.Zero));

    protected override ValueTask<IFileStore> CreateStoreAsync() =>
        new(new MemoryFileStore(new MemoryFileStoreOptions { Time = _time }).WithVersions(new VersionOptions { Time = _time }));

    protected override async ValueTask TakeSnapshotAsync()
    {
        await Store.FileOfAsync("changes", 1);
        _time.Advance(TimeSpan.FromHours(1));
        await using var file = await Store.OpenFileAsync("changes");
        await file.FillAsync(0, 1, 2);
    }
}
