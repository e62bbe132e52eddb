using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Hosting.Options;

namespace Smb3.Embedded.Discovery;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal sealed class DiscoveryOptionsBinder(DiscoveryOptions options) : SettingReader
{
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is unknown or has an invalid value.</exception>
    public static void Bind(IConfigurationSection section, DiscoveryOptions options) => new DiscoveryOptionsBinder(options).Bind(section);

    private void Bind(IConfigurationSection section) => Read(section, typeof(DiscoveryOptions), new(StringComparer.OrdinalIgnoreCase)
    {
        ["Enabled"] = s => Flag(s, static _ => { }),
        ["Mdns"] = s => Flag(s, value => options.Mdns = value),
        ["WebServices"] = s => Flag(s, value => options.WebServices = value),
        ["Name"] = s => options.Name = Text(s),
        ["HostName"] = s => options.HostName = Text(s),
        ["Model"] = s => options.Model = Text(s),
        ["Workgroup"] = s => options.Workgroup = Text(s),
        ["Interfaces"] = s => Replace(options.Interfaces, s, static (item, add) => add(item.Text)),
        ["WebServicesPort"] = s => Number(s, value => options.WebServicesPort = value),
    });
}
