using Azure.Core;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded;

/// <summary>Which container of blobs is shared, and how it is used.</summary>
/// <remarks>
/// Who asks is said in one way: by <see cref="ConnectionString"/>, by <see cref="AccountKey"/>, by <see cref="SasToken"/> or by <see cref="Credential"/>.
/// </remarks>
public sealed class AzureBlobStoreOptions
{
    /// <summary>The most blocks that one blob can have, which Azure says.</summary>
    internal const int MaxBlocks = 50_000;

    /// <summary>The container, which must exist.</summary>
    public string Container { get; set; } = string.Empty;

    /// <summary>What the names of all blobs begin with, such as <c>team/</c>: a slash at the end is added. Default none: the whole container.</summary>
    public string Prefix { get; set; } = string.Empty;

    /// <summary>
    /// The URL of the account's blob service, such as <c>https://account.blob.core.windows.net</c>. <see langword="null"/>: what the connection string says,
    /// or the public cloud's of <see cref="AccountName"/>.
    /// </summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The connection string of the storage account, as the portal shows it. <see cref="ConnectionStringFile"/> keeps it out of configuration.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>A file whose first line is the connection string; read when the store is made.</summary>
    public string? ConnectionStringFile { get; set; }

    /// <summary>The name of the storage account.</summary>
    public string? AccountName { get; set; }

    /// <summary>A key of the account <see cref="AccountName"/>, in Base64. <see cref="AccountKeyFile"/> keeps it out of configuration.</summary>
    public string? AccountKey { get; set; }

    /// <summary>A file whose first line is the account's key; read when the store is made.</summary>
    public string? AccountKeyFile { get; set; }

    /// <summary>
    /// A shared access signature for the container or the account: the query with <c>sig=</c> in it. It needs the rights to read, add, create, write,
    /// delete and list (<c>racwdl</c>). <see cref="SasTokenFile"/> keeps it out of configuration.
    /// </summary>
    public string? SasToken { get; set; }

    /// <summary>A file whose first line is the shared access signature; read when the store is made.</summary>
    public string? SasTokenFile { get; set; }

    /// <summary>
    /// Who asks, by Entra ID: such as <c>new DefaultAzureCredential()</c> of the package Azure.Identity. The identity needs the role
    /// <c>Storage Blob Data Contributor</c>. Not in configuration.
    /// </summary>
    public TokenCredential? Credential { get; set; }

    /// <summary>
    /// Whether files keep attributes, times and numbers, in the metadata <c>smb3</c> of their blobs, as programs that compare times need it. A listing tells
    /// it of files, and asks for each folder (HEAD). Otherwise the time of a file is that of its last upload. Default on.
    /// </summary>
    public bool KeepAttributes { get; set; } = true;

    /// <summary>
    /// What is longer than this many bytes is uploaded in blocks of this size, 1 MiB to 1 GiB. A file has at most 50,000 blocks, which bounds
    /// <see cref="ObjectFileStoreOptions.MaxFileLength"/>. Default 8 MiB.
    /// </summary>
    public int BlockSize { get; set; } = 8 << 20;

    /// <summary>Blocks that are uploaded at the same time, of all files together; each is held in memory meanwhile. 1 to 64. Default 4.</summary>
    public int ParallelBlocks { get; set; } = 4;

    /// <summary>Folders that listings ask for at the same time, of all clients together. 1 to 256. Default 16.</summary>
    public int ParallelLooks { get; set; } = 16;

    /// <summary>How long one attempt of a request may take; failed ones are tried again twice. 1 second to 10 minutes. Default 60 seconds.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>What holds for every store of objects: the volume's label and size, how much may wait to be uploaded, the longest file.</summary>
    public ObjectFileStoreOptions Objects { get; set; } = new() { Label = "Azure" };

    /// <summary>The prefix with its slash.</summary>
    internal string KeyPrefix => OptionChecks.ToKeyPrefix(Prefix);

    /// <summary>What the base gets: no longer keys and files than the container can have.</summary>
    internal ObjectFileStoreOptions ToObjectOptions()
    {
        Check();
        return Objects with
        {
            MaxKeyBytes = Math.Min(Objects.MaxKeyBytes, 1024 - System.Text.Encoding.UTF8.GetByteCount(KeyPrefix)),
            MaxFileLength = Math.Min(Objects.MaxFileLength, (long)BlockSize * MaxBlocks),
        };
    }

    /// <summary>Whether it is said who asks, and whom.</summary>
    internal void CheckWays()
    {
        var hasConnection = (ConnectionString ?? ConnectionStringFile) is not null;
        var hasKey = (AccountKey ?? AccountKeyFile) is not null;
        var hasSas = (SasToken ?? SasTokenFile) is not null;
        bool[] ways = [hasConnection, hasKey, hasSas, Credential is not null];
        if (ways.Count(static way => way) != 1)
        {
            throw new ArgumentException(
                "Say in one way who asks: by ConnectionString, by AccountName and AccountKey, by SasToken, or by Credential.", nameof(ConnectionString));
        }

        if (hasConnection)
        {
            if ((Endpoint ?? (object?)AccountName) is not null)
            {
                throw new ArgumentException("The connection string says which account it is: leave Endpoint and AccountName out.", nameof(ConnectionString));
            }
        }
        else if (Endpoint is null && AccountName is null)
        {
            throw new ArgumentException("Neither AccountName nor Endpoint says which account it is.", nameof(AccountName));
        }

        if (hasKey && AccountName is null)
        {
            throw new ArgumentException("There is an account's key, and no AccountName that it belongs to.", nameof(AccountName));
        }
    }

    private void Check()
    {
        ArgumentNullException.ThrowIfNull(Objects);
        OptionChecks.CheckPrefix(KeyPrefix, nameof(Prefix));
        OptionChecks.ThrowUnless(BlockSize is >= 1 << 20 and <= 1 << 30, nameof(BlockSize), "1 MiB to 1 GiB");
        OptionChecks.ThrowUnless(ParallelBlocks is >= 1 and <= 64, nameof(ParallelBlocks), "1 to 64");
        OptionChecks.ThrowUnless(ParallelLooks is >= 1 and <= 256, nameof(ParallelLooks), "1 to 256");
        OptionChecks.CheckTimeout(Timeout, nameof(Timeout));
        OptionChecks.CheckUrl(Endpoint, "https://account.blob.core.windows.net", nameof(Endpoint));
    }
}
