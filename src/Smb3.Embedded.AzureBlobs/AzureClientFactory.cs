using Azure.Storage;
using Azure.Storage.Blobs;
using Smb3.Embedded.ObjectServices;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>Makes the client of a container by what the options say.</summary>
internal static class AzureClientFactory
{
    private const int Retries = 2;

    public static BlobContainerClient Create(AzureBlobStoreOptions options)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(options.Container, nameof(options.Container));
        options.CheckWays();
        var client = new BlobClientOptions { TrimBlobNameSlashes = false };
        client.Retry.MaxRetries = Retries;
        client.Retry.NetworkTimeout = options.Timeout;
        if ((options.ConnectionString ?? Read(options.ConnectionStringFile, "connection string")) is { } connection)
        {
            try
            {
                return new BlobContainerClient(connection, options.Container, client);
            }
            catch (Exception e) when (e is FormatException or InvalidOperationException)
            {
                throw WrongConnectionString(); // what it says itself may have the key in it
            }
        }

        var endpoint = options.Endpoint ?? new Uri($"https://{options.AccountName}.blob.core.windows.net");
        var container = new BlobUriBuilder(endpoint) { BlobContainerName = options.Container }.ToUri();
        if (options.Credential is { } credential)
        {
            return new BlobContainerClient(container, credential, client);
        }

        if ((options.SasToken ?? Read(options.SasTokenFile, "shared access signature")) is { } sas)
        {
            // Within the address, where a copy finds it for its source too.
            return new BlobContainerClient(new UriBuilder(container) { Query = sas.TrimStart('?') }.Uri, client);
        }

        var key = options.AccountKey ?? Read(options.AccountKeyFile, "account's key")!;
        return Convert.TryFromBase64String(key, new byte[key.Length], out _)
            ? new BlobContainerClient(container, new StorageSharedKeyCredential(options.AccountName, key), client)
            : throw WrongAccountKey();
    }

    private static string? Read(string? file, string what) => file is null ? null : OptionChecks.ReadSecret(file, what);

    private static ArgumentException WrongConnectionString() => new(
        "The connection string is none of a storage account: AccountName=…;AccountKey=…, or BlobEndpoint=…;SharedAccessSignature=….",
        nameof(AzureBlobStoreOptions.ConnectionString));

    private static ArgumentException WrongAccountKey() => new("The account's key is no Base64.", nameof(AzureBlobStoreOptions.AccountKey));
}
