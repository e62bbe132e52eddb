using Azure.Storage.Blobs;
using Smb3.Embedded.AzureBlobs;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.Tests.AzureBlobs;

/// <summary>
/// Where stores of tests keep their blobs: a <see cref="ContainerServer"/> each, or, on request, names of their own in the container that
/// <c>SMB3_TEST_AZURE=CONTAINER,CONNECTION_STRING</c> names, which is made if it is not there.
/// </summary>
internal static class AzurePlace
{
    public static string[]? Real { get; } = Environment.GetEnvironmentVariable("SMB3_TEST_AZURE")?.Split(',', 2);

    public static async ValueTask<AzureBlobFileStore> OpenAsync(Action<AzureBlobStoreOptions>? configure = null)
    {
        var options = new AzureBlobStoreOptions { Objects = new() { MaxFileLength = 16 << 20 } };
        configure?.Invoke(options);
        if (Real is not { } real)
        {
            return new AzureBlobFileStore(options, new ContainerServer().Connect());
        }

        await new BlobContainerClient(real[1], real[0]).CreateIfNotExistsAsync();
        options.Container = real[0];
        options.ConnectionString = real[1];
        options.Prefix = $"{options.Prefix}{Guid.NewGuid():N}";
        return new AzureBlobFileStore(options);
    }
}
