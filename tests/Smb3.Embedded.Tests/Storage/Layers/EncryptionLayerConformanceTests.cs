using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Smb3.Embedded.Storage.Physical;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.Storage.Layers;

/// <summary>Keys and folders of the tests below.</summary>
internal static class Encrypted
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(static i => (byte)i)];

    public static ValueTask<IFileStore> Memory() => new(new MemoryFileStore().WithEncryption(Key));

    public static ValueTask<IFileStore> On(IFileStore store) => new(store.WithEncryption(Key));

    public static ValueTask<IFileStore> In(TemporaryFolder folder) => On(new PhysicalFileStore(folder.Path));
}

public sealed class EncryptionLayerConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}

public sealed class EncryptionLayerOnFolderConformance : FileStoreConformance
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.In(_folder);
}

/// <summary>Laid on others, and another on it.</summary>
public sealed class EncryptionBetweenLayersConformance : FileStoreConformance
{
    protected override async ValueTask<IFileStore> CreateStoreAsync() =>
        (await Encrypted.On(new MemoryFileStore().WithQuota(8L << 30).WithVersions())).WithRecycleBin(new RecycleBinOptions { IsListed = false });
}

/// <summary>Others laid on it.</summary>
public sealed class LayersOnEncryptionConformance : FileStoreConformance
{
    protected override async ValueTask<IFileStore> CreateStoreAsync() =>
        (await Encrypted.On(new MemoryFileStore().WithQuota(8L << 30))).WithVersions().WithRecycleBin(new RecycleBinOptions { IsListed = false });
}

public sealed class EncryptionLayerStreamPromises : NamedStreamPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}

public sealed class EncryptionLayerOnFolderStreamPromises : NamedStreamPromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.In(_folder);
}

/// <summary>On a folder: a memory store gives space back by 64 KiB, of which the header is in the first.</summary>
public sealed class EncryptionLayerSparsePromises : SparsePromises
{
    private readonly TemporaryFolder _folder = new();

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Delete();
    }

    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.In(_folder);
}

public sealed class EncryptionLayerExtentPromises : ExtentPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}

public sealed class EncryptionLayerErasingPromises : ErasingPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}

public sealed class EncryptionLayerCopyPromises : CopyPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}

public sealed class EncryptionLayerReparsePromises : ReparsePromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}

public sealed class EncryptionLayerSnapshotPromises : SnapshotPromises
{
    private readonly MemoryFileStore _below = new();

    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.On(_below);

    protected override ValueTask TakeSnapshotAsync()
    {
        _below.TakeSnapshot();
        return default;
    }
}

public sealed class EncryptionLayerQuotaPromises : QuotaPromises
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => Encrypted.Memory();
}
