using Smb3.Embedded.S3;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Tests.S3;

/// <summary>
/// Where stores of tests keep their objects: a <see cref="BucketServer"/> each, or, on request, keys of their own in the bucket that
/// <c>SMB3_TEST_S3=ENDPOINT,BUCKET,ACCESS_KEY,SECRET_KEY</c> names.
/// </summary>
internal static class S3Place
{
    public static string[]? Real { get; } = Environment.GetEnvironmentVariable("SMB3_TEST_S3")?.Split(',');

    public static S3FileStore Open(Action<S3StoreOptions>? configure = null)
    {
        var options = new S3StoreOptions { Bucket = BucketServer.Name, Objects = new() { MaxFileLength = 16 << 20 } };
        configure?.Invoke(options);
        if (Real is not { } real)
        {
            return new S3FileStore(options, new BucketServer { HidesVersionOfUpload = true }.Connect());
        }

        options.Endpoint = new Uri(real[0]);
        options.Bucket = real[1];
        options.AccessKey = real[2];
        options.SecretKey = real[3];
        options.Prefix = $"{options.Prefix}{Guid.NewGuid():N}";
        return new S3FileStore(options);
    }
}
