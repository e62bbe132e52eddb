using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Control;

/// <summary>The section of the configuration, read by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal sealed class ControlSettings : SettingReader
{
    /// <summary>The path of the socket, in a folder that is there. Default: a name of its own in a folder of the user's alone, where the tool looks for it.</summary>
    public string? Socket { get; private set; }

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is unknown or has an invalid value.</exception>
    public static ControlSettings Read(IConfigurationSection section)
    {
        var settings = new ControlSettings();
        settings.Read(section, typeof(ControlSettings), new(StringComparer.OrdinalIgnoreCase)
        {
            ["Enabled"] = s => settings.Flag(s, static _ => { }),
            ["Socket"] = s => settings.Socket = s.Value is { Length: > 0 } path ? path : null,
        });
        return settings;
    }
}
