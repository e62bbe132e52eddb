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
        CheckWays(options);
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
                // What it says itself may have the key in it.
                throw new ArgumentException(
                    "The connection string is none of a storage account: AccountName=…;AccountKey=…, or BlobEndpoint=…;SharedAccessSignature=….",
                    nameof(options.ConnectionString));
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
            : throw new ArgumentException("The account's key is no Base64.", nameof(options.AccountKey));
    }

    private static string? Read(string? file, string what) => file is null ? null : OptionChecks.ReadSecret(file, what);

    private static void CheckWays(AzureBlobStoreOptions options)
    {
        var hasConnection = (options.ConnectionString ?? options.ConnectionStringFile) is not null;
        var hasKey = (options.AccountKey ?? options.AccountKeyFile) is not null;
        var hasSas = (options.SasToken ?? options.SasTokenFile) is not null;
        bool[] ways = [hasConnection, hasKey, hasSas, options.Credential is not null];
        if (ways.Count(static way => way) != 1)
        {
            throw new ArgumentException(
                "Say in one way who asks: by ConnectionString, by AccountName and AccountKey, by SasToken, or by Credential.", nameof(options.ConnectionString));
        }

        if (hasConnection)
        {
            if ((options.Endpoint ?? (object?)options.AccountName) is not null)
            {
                throw new ArgumentException("The connection string says which account it is: leave Endpoint and AccountName out.", nameof(options.ConnectionString));
            }
        }
        else if (options.Endpoint is null && options.AccountName is null)
        {
            throw new ArgumentException("Neither AccountName nor Endpoint says which account it is.", nameof(options.AccountName));
        }

        if (hasKey && options.AccountName is null)
        {
            throw new ArgumentException("There is an account's key, and no AccountName that it belongs to.", nameof(options.AccountName));
        }
    }
}
