using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Winbind;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal sealed class WinbindOptionsBinder(WinbindOptions options) : SettingReader
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is unknown or has an invalid value.</exception>
    public static void Bind(IConfigurationSection section, WinbindOptions options) => new WinbindOptionsBinder(options).Bind(section);

    private void Bind(IConfigurationSection section) => Read(section, typeof(WinbindOptions), new(StringComparer.OrdinalIgnoreCase)
    {
        ["Enabled"] = s => Flag(s, static _ => { }),
        ["NtlmAuth"] = s => Program(s, value => options.NtlmAuth = value),
        ["Wbinfo"] = s => Program(s, value => options.Wbinfo = value),
        ["MaxHelpers"] = s => Number(s, value => options.MaxHelpers = value),
        ["Timeout"] = s => Time(s, value => options.Timeout = value),
    });

    private void Program(IConfigurationSection section, Action<string> set)
    {
        if (Text(section) is { Length: > 0 } path)
        {
            set(path);
        }
        else
        {
            Fail(section.Path, "it is the path of a program, or its name where PATH finds it");
        }
    }
}
