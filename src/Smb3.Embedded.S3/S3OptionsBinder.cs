using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.S3;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal sealed class S3OptionsBinder(S3StoreOptions options) : SettingReader
{
    /// <exception cref="OptionsValidationException">A setting is unknown or has an invalid value; the failures name each of them.</exception>
    public static void Bind(IConfigurationSection section, S3StoreOptions options)
    {
        var binder = new S3OptionsBinder(options);
        binder.Bind(section);
        if (binder.Failures.Count > 0)
        {
            throw new OptionsValidationException(nameof(S3StoreOptions), typeof(S3StoreOptions), binder.Failures);
        }
    }

    private void Bind(IConfigurationSection section) => Apply(section.GetChildren(), new(StringComparer.OrdinalIgnoreCase)
    {
        ["Bucket"] = s => options.Bucket = Text(s),
        ["Prefix"] = s => options.Prefix = Text(s),
        ["Endpoint"] = ReadEndpoint,
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
        ["Label"] = s => Set(objects => objects with { Label = Text(s) }),
        ["Capacity"] = s => LongNumber(s, value => Set(objects => objects with { Capacity = value })),
        ["MaxFileLength"] = s => LongNumber(s, value => Set(objects => objects with { MaxFileLength = value })),
        ["SpoolSize"] = s => LongNumber(s, value => Set(objects => objects with { SpoolSize = value })),
        ["SpoolMemory"] = s => LongNumber(s, value => Set(objects => objects with { SpoolMemory = value })),
        ["SpoolFolder"] = s => Set(objects => objects with { SpoolFolder = Text(s) }),
        ["CaseSensitive"] = s => Flag(s, value => Set(objects => objects with { CaseSensitive = value })),
        ["MaxFolderRename"] = s => Number(s, value => Set(objects => objects with { MaxFolderRename = value })),
        ["MaxRememberedNames"] = s => Number(s, value => Set(objects => objects with { MaxRememberedNames = value })),
    });

    private void Set(Func<ObjectFileStoreOptions, ObjectFileStoreOptions> change) => options.Objects = change(options.Objects);

    private void ReadEndpoint(IConfigurationSection section)
    {
        if (Uri.TryCreate(Text(section), UriKind.Absolute, out var uri))
        {
            options.Endpoint = uri;
        }
        else
        {
            Fail(section.Path, $"'{Text(section)}' is not the URL of a server, such as https://s3.example.net:9000");
        }
    }
}
