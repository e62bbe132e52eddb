using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Winbind;

namespace Smb3.Embedded;

/// <summary>Lets a server on a member of a domain ask the domain through winbind.</summary>
public static class WinbindBuilderExtensions
{
    /// <summary>The section of the configuration that <see cref="UseConfiguredWinbind"/> takes.</summary>
    public const string SectionName = "Winbind";

    /// <summary>
    /// As <see cref="UseWinbind"/> where the configuration has a section <c>Winbind</c>, whose keys are the names of <see cref="WinbindOptions"/>, and
    /// <c>Enabled</c>.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    public static SmbServerBuilder UseConfiguredWinbind(this SmbServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var section = builder.Configuration.GetSection(SectionName);
        return section.Exists() && !"false".Equals(section["Enabled"], StringComparison.OrdinalIgnoreCase)
            ? UseWinbind(builder, options => Bind(section, options)) : builder;
    }

    /// <summary>
    /// Has winbind check passwords of the domain's users, and translate its names and SIDs, unless another <see cref="IAccountResolver"/> does.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="configure">Says where its programs are; null: as they are by default.</param>
    public static SmbServerBuilder UseWinbind(this SmbServerBuilder builder, Action<WinbindOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);

        // Services dispose what they have made.
        var key = new object();
        builder.Services.AddKeyedSingleton(key, (_, _) =>
        {
            var options = new WinbindOptions();
            configure?.Invoke(options);
            return new WinbindDomain(options);
        });
        builder.UseDomainLogon(services => services.GetRequiredKeyedService<WinbindDomain>(key));
        return builder.PostConfigure((services, options) => options.AccountResolver ??= services.GetRequiredKeyedService<WinbindDomain>(key));
    }

    private static void Bind(IConfigurationSection section, WinbindOptions options)
    {
        foreach (var item in section.GetChildren())
        {
            var text = item.Value?.Trim() ?? string.Empty;
            switch (item.Key.ToUpperInvariant())
            {
                case "ENABLED" when bool.TryParse(text, out _):
                    break;
                case "NTLMAUTH" when text.Length > 0:
                    options.NtlmAuth = text;
                    break;
                case "WBINFO" when text.Length > 0:
                    options.Wbinfo = text;
                    break;
                case "MAXHELPERS" when int.TryParse(text, CultureInfo.InvariantCulture, out var count):
                    options.MaxHelpers = count;
                    break;
                case "TIMEOUT" when double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and < 1000:
                    options.Timeout = TimeSpan.FromSeconds(seconds);
                    break;
                default:
                    throw new OptionsValidationException(
                        nameof(WinbindOptions), typeof(WinbindOptions), [$"{item.Path}: there is no such setting, or '{text}' is no value of it."]);
            }
        }
    }
}
