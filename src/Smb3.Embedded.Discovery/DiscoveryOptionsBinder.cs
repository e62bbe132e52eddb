using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Smb3.Embedded.Discovery;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal static class DiscoveryOptionsBinder
{
    public static bool IsEnabled(IConfigurationSection section) =>
        section.Exists() && !"false".Equals(section["Enabled"], StringComparison.OrdinalIgnoreCase);

    public static void Bind(IConfigurationSection section, DiscoveryOptions options)
    {
        foreach (var item in section.GetChildren())
        {
            var text = item.Value?.Trim() ?? string.Empty;
            switch (item.Key.ToUpperInvariant())
            {
                case "ENABLED" when bool.TryParse(text, out _):
                    break;
                case "MDNS" when bool.TryParse(text, out var flag):
                    options.Mdns = flag;
                    break;
                case "WEBSERVICES" when bool.TryParse(text, out var flag):
                    options.WebServices = flag;
                    break;
                case "NAME":
                    options.Name = text;
                    break;
                case "HOSTNAME":
                    options.HostName = text;
                    break;
                case "MODEL":
                    options.Model = text;
                    break;
                case "WORKGROUP":
                    options.Workgroup = text;
                    break;
                case "INTERFACES":
                    options.Interfaces.Clear();
                    foreach (var one in item.Value is { } list ? list.Split(',') : item.GetChildren().Select(static child => child.Value ?? string.Empty))
                    {
                        options.Interfaces.Add(one.Trim());
                    }

                    break;
                case "WEBSERVICESPORT" when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port):
                    options.WebServicesPort = port;
                    break;
                default:
                    throw new OptionsValidationException(
                        nameof(DiscoveryOptions), typeof(DiscoveryOptions), [$"{item.Path}: there is no such setting, or '{text}' is no value of it."]);
            }
        }
    }
}
