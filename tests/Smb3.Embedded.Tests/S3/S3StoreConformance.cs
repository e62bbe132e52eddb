using Smb3.Embedded.Storage;
using Smb3.Embedded.StoreConformance;

namespace Smb3.Embedded.Tests.S3;

public sealed class S3StoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(S3Place.Open());
}

/// <summary>A part of a bucket, with small pages and everything in files.</summary>
public sealed class NarrowS3StoreConformance : FileStoreConformance
{
    protected override ValueTask<IFileStore> CreateStoreAsync() => new(S3Place.Open(static options =>
    {
        options.Prefix = "some/part";
        options.PartSize = 5 << 20;
        options.Objects = new()
        {
            MaxFileLength = 16 << 20, PageSize = 3, ReadAhead = 0, SpoolMemory = 0, RememberNames = TimeSpan.Zero, CaseSensitive = true,
        };
    }));
}
