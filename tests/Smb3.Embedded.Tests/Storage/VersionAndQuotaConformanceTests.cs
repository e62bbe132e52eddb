using System.Globalization;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.Storage;

public sealed class MemorySnapshots : SnapshotPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());

    protected override ValueTask TakeSnapshotAsync()
    {
        ((MemoryFileStore)Store).TakeSnapshot();
        return default;
    }
}

public sealed class MemoryQuotasConformance : QuotaPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(new MemoryFileStore());
}

public sealed class PhysicalQuotas : QuotaPromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override async ValueTask<IFileStore> CreateStoreAsync()
    {
        var store = new PhysicalFileStore(_folder.Path, new PhysicalFileStoreOptions { Quotas = true });
        await store.RecountQuotasAsync();
        return store;
    }
}

/// <summary>Snapshots as plain copies.</summary>
public sealed class PhysicalSnapshots : SnapshotPromises
{
    private readonly TemporaryFolder _folder = new();

    private string Live => Path.Combine(_folder.Path, "live");

    private string Copies => Path.Combine(_folder.Path, "copies");

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync()
    {
        Directory.CreateDirectory(Live);
        var snapshots = new PhysicalSnapshotOptions { Folder = Copies };
        return new(new PhysicalFileStore(Live, new PhysicalFileStoreOptions { Snapshots = snapshots }));
    }

    protected override ValueTask TakeSnapshotAsync()
    {
        var name = DateTime.UtcNow.ToString("yyyy-MM-dd_HH-mm-ss", CultureInfo.InvariantCulture);
        Copy(Live, Path.Combine(Copies, name));
        return default;
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var directory in Directory.GetDirectories(from))
        {
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        }
    }
}
