using Microsoft.Extensions.Configuration;
using Smb3.Embedded.ObjectServices;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.S3;

/// <summary>Reads the options of a bucket from configuration.</summary>
internal sealed class S3OptionsBinder(S3StoreOptions options) : ObjectSettingReader
{
    protected override ObjectFileStoreOptions Objects
    {
        get => options.Objects;
        set => options.Objects = value;
    }

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is unknown or has an invalid value.</exception>
    public static void Bind(IConfigurationSection section, S3StoreOptions options) => new S3OptionsBinder(options).Bind(section);

    private void Bind(IConfigurationSection section) => Bind(section, typeof(S3StoreOptions), new()
    {
        ["Bucket"] = s => options.Bucket = Text(s),
        ["Prefix"] = s => options.Prefix = Text(s),
        ["Endpoint"] = s => Url(s, "https://s3.example.net:9000", value => options.Endpoint = value),
        ["Region"] = s => options.Region = Text(s),
        ["AccessKey"] = s => options.AccessKey = Text(s),
        ["SecretKey"] = s => options.SecretKey = s.Value,
        ["SecretKeyFile"] = s => options.SecretKeyFile = Text(s),
        ["PathStyle"] = s => Flag(s, value => options.PathStyle = value),
        ["KeepAttributes"] = s => Flag(s, value => options.KeepAttributes = value),
        ["RememberedAttributes"] = s => Number(s, value => options.RememberedAttributes = value),
        ["LookBeforeReplacing"] = s => Flag(s, value => options.LookBeforeReplacing = value),
        ["PartSize"] = s => Number(s, value => options.PartSize = value),
        ["ParallelParts"] = s => Number(s, value => options.ParallelParts = value),
        ["ParallelLooks"] = s => Number(s, value => options.ParallelLooks = value),
        ["Timeout"] = s => Time(s, value => options.Timeout = value),
    });
}
