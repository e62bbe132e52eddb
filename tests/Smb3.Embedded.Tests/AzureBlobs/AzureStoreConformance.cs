using Smb3.Embedded.Storage;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.AzureBlobs;

public sealed class AzureStoreConformance : FileStoreConformance
{
    protected override async ValueTask<IFileStore> CreateStoreAsync() => await AzurePlace.OpenAsync();
}

/// <summary>A part of a container, with small pages and everything in files and in small blocks.</summary>
public sealed class NarrowAzureStoreConformance : FileStoreConformance
{
    protected override async ValueTask<IFileStore> CreateStoreAsync() => await AzurePlace.OpenAsync(static options =>
    {
        options.Prefix = "some/part.";
        options.BlockSize = 1 << 20;
        options.Objects = new()
        {
            MaxFileLength = 16 << 20, PageSize = 3, ReadAhead = 0, SpoolMemory = 0, RememberNames = TimeSpan.Zero, CaseSensitive = true,
        };
    });
}
