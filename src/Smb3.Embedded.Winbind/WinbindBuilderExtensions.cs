using Microsoft.Extensions.DependencyInjection;
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
        return WinbindOptionsBinder.IsEnabled(section) ? UseWinbind(builder, options => WinbindOptionsBinder.Bind(section, options)) : builder;
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
}
