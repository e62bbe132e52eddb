using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal sealed class LdapOptionsBinder(LdapOptions options) : SettingReader
{
    private static readonly SettingWords<LdapSchema> Schemas = new([.. Enum.GetValues<LdapSchema>().Select(static schema => (schema.ToString(), schema))]);

    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A setting is unknown or has an invalid value.</exception>
    public static void Bind(IConfigurationSection section, LdapOptions options) => new LdapOptionsBinder(options).Bind(section);

    private void Bind(IConfigurationSection section) => Read(section, typeof(LdapOptions), new(StringComparer.OrdinalIgnoreCase)
    {
        ["Servers"] = s => Replace(options.Servers, s, static (item, add) => add(item.Text)),
        ["StartTls"] = s => Flag(s, value => options.StartTls = value),
        ["CaDirectory"] = s => options.CaDirectory = Text(s),
        ["Kerberos"] = s => Flag(s, value => options.Kerberos = value),
        ["BindName"] = s => options.BindName = Text(s),
        ["Password"] = s => options.Password = s.Value,
        ["PasswordFile"] = s => options.PasswordFile = Text(s),
        ["BaseDn"] = s => options.BaseDn = Text(s),
        ["Schema"] = s => Word(s, Schemas, value => options.Schema = value),
        ["DomainName"] = s => options.DomainName = Text(s),
        ["DomainSid"] = ReadSid,
        ["MaxConnections"] = s => Number(s, value => options.MaxConnections = value),
        ["Timeout"] = s => Time(s, value => options.Timeout = value),
    });

    private void ReadSid(IConfigurationSection section)
    {
        if (Sid.TryParse(Text(section), out var sid))
        {
            options.DomainSid = sid;
        }
        else
        {
            Fail(section.Path, $"'{Text(section)}' is not a SID, such as S-1-5-21-1-2-3");
        }
    }
}
