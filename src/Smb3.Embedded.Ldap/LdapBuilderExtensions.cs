using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.Ldap;

namespace Smb3.Embedded;

/// <summary>Lets a server take names and SIDs from a directory by LDAP.</summary>
public static class LdapBuilderExtensions
{
    /// <summary>The section of the configuration that <see cref="UseLdapAccounts(SmbServerBuilder)"/> takes.</summary>
    public const string SectionName = "Ldap";

    /// <summary>
    /// Takes names and SIDs from the directory of the section <c>Ldap</c>, whose keys are the names of <see cref="LdapOptions"/>. Without the section
    /// there is no directory.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    public static SmbServerBuilder UseLdapAccounts(this SmbServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var section = builder.Configuration.GetSection(SectionName);
        return section.Exists() ? UseLdapAccounts(builder, options => LdapOptionsBinder.Bind(section, options)) : builder;
    }

    /// <summary>Takes names and SIDs from a directory; its connections end with the server's services.</summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="configure">Says where the directory is.</param>
    public static SmbServerBuilder UseLdapAccounts(this SmbServerBuilder builder, Action<LdapOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        // Services dispose what they have made.
        var key = new object();
        builder.Services.AddKeyedSingleton(key, (_, _) =>
        {
            var options = new LdapOptions();
            configure(options);
            return new LdapAccountResolver(options);
        });
        return builder.UseAccountResolver(services => services.GetRequiredKeyedService<LdapAccountResolver>(key));
    }
}
