using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Storage.Objects;

namespace Smb3.Embedded.ObjectServices;

/// <summary>
/// Reads options of a store from configuration, by hand, so that a wrong name is noticed and nothing needs reflection: the store's own, and those of every
/// store of objects.
/// </summary>
internal abstract class ObjectSettingReader : SettingReader
{
    protected abstract ObjectFileStoreOptions Objects { get; set; }

    /// <exception cref="OptionsValidationException">A setting is unknown or has an invalid value; the failures name each of them.</exception>
    protected void Bind(IConfigurationSection section, Type ofOptions, Dictionary<string, Action<IConfigurationSection>> settings)
    {
        settings = new(settings, StringComparer.OrdinalIgnoreCase)
        {
            ["Label"] = s => Objects = Objects with { Label = Text(s) },
            ["Capacity"] = s => LongNumber(s, value => Objects = Objects with { Capacity = value }),
            ["MaxFileLength"] = s => LongNumber(s, value => Objects = Objects with { MaxFileLength = value }),
            ["SpoolSize"] = s => LongNumber(s, value => Objects = Objects with { SpoolSize = value }),
            ["SpoolMemory"] = s => LongNumber(s, value => Objects = Objects with { SpoolMemory = value }),
            ["SpoolFolder"] = s => Objects = Objects with { SpoolFolder = Text(s) },
            ["CaseSensitive"] = s => Flag(s, value => Objects = Objects with { CaseSensitive = value }),
            ["MaxFolderRename"] = s => Number(s, value => Objects = Objects with { MaxFolderRename = value }),
            ["MaxRememberedNames"] = s => Number(s, value => Objects = Objects with { MaxRememberedNames = value }),
        };
        Read(section, ofOptions, settings);
    }

    protected void Url(IConfigurationSection section, string example, Action<Uri> set)
    {
        if (Uri.TryCreate(Text(section), UriKind.Absolute, out var uri))
        {
            set(uri);
        }
        else
        {
            Fail(section.Path, $"'{Text(section)}' is not the URL of a server, such as {example}");
        }
    }
}
