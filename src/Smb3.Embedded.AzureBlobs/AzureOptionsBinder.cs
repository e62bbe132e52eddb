using Microsoft.Extensions.Configuration;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>Reads the options of a container from configuration.</summary>
internal sealed class AzureOptionsBinder(AzureBlobStoreOptions options) : ObjectSettingReader
{
    protected override ObjectFileStoreOptions Objects
    {
        get => options.Objects;
        set => options.Objects = value;
    }

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is unknown or has an invalid value.</exception>
    public static void Bind(IConfigurationSection section, AzureBlobStoreOptions options) => new AzureOptionsBinder(options).Bind(section);

    private void Bind(IConfigurationSection section) => Bind(section, typeof(AzureBlobStoreOptions), new()
    {
        ["Container"] = s => options.Container = Text(s),
        ["Prefix"] = s => options.Prefix = Text(s),
        ["Endpoint"] = s => Url(s, "https://account.blob.core.windows.net", value => options.Endpoint = value),
        ["ConnectionString"] = s => options.ConnectionString = Text(s),
        ["ConnectionStringFile"] = s => options.ConnectionStringFile = Text(s),
        ["AccountName"] = s => options.AccountName = Text(s),
        ["AccountKey"] = s => options.AccountKey = Text(s),
        ["AccountKeyFile"] = s => options.AccountKeyFile = Text(s),
        ["SasToken"] = s => options.SasToken = Text(s),
        ["SasTokenFile"] = s => options.SasTokenFile = Text(s),
        ["KeepAttributes"] = s => Flag(s, value => options.KeepAttributes = value),
        ["BlockSize"] = s => Number(s, value => options.BlockSize = value),
        ["ParallelBlocks"] = s => Number(s, value => options.ParallelBlocks = value),
        ["ParallelLooks"] = s => Number(s, value => options.ParallelLooks = value),
        ["Timeout"] = s => Time(s, value => options.Timeout = value),
    });
}
