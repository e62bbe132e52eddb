using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Ldap;

/// <summary>Reads options from configuration, by hand, so that a wrong name is noticed and nothing needs reflection.</summary>
internal static class LdapOptionsBinder
{
    public static void Bind(IConfigurationSection section, LdapOptions options)
    {
        foreach (var item in section.GetChildren())
        {
            var text = item.Value?.Trim() ?? string.Empty;
            var isRead = item.Key.ToUpperInvariant() switch
            {
                "SERVERS" => Set(() => ReadServers(item, options.Servers)),
                "STARTTLS" => bool.TryParse(text, out var flag) && Set(() => options.StartTls = flag),
                "CADIRECTORY" => Set(() => options.CaDirectory = text),
                "KERBEROS" => bool.TryParse(text, out var flag) && Set(() => options.Kerberos = flag),
                "BINDNAME" => Set(() => options.BindName = text),
                "PASSWORD" => Set(() => options.Password = item.Value),
                "PASSWORDFILE" => Set(() => options.PasswordFile = text),
                "BASEDN" => Set(() => options.BaseDn = text),
                "SCHEMA" => Enum.TryParse<LdapSchema>(text, ignoreCase: true, out var schema) && Set(() => options.Schema = schema),
                "DOMAINNAME" => Set(() => options.DomainName = text),
                "DOMAINSID" => Sid.TryParse(text, out var sid) && Set(() => options.DomainSid = sid),
                "MAXCONNECTIONS" => int.TryParse(text, CultureInfo.InvariantCulture, out var count) && Set(() => options.MaxConnections = count),
                "TIMEOUT" => TryReadTime(text, out var time) && Set(() => options.Timeout = time),
                _ => throw Wrong(item.Path, "there is no such setting"),
            };
            if (!isRead)
            {
                throw Wrong(item.Path, $"'{text}' cannot be read");
            }
        }
    }

    private static void ReadServers(IConfigurationSection section, IList<string> servers)
    {
        servers.Clear();
        foreach (var server in section.Value is { } list ? list.Split(',') : section.GetChildren().Select(child => child.Value ?? string.Empty))
        {
            servers.Add(server.Trim());
        }
    }

    private static bool TryReadTime(string text, out TimeSpan time)
    {
        if (double.TryParse(text, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and < 1_000_000)
        {
            time = TimeSpan.FromSeconds(seconds);
            return true;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }

    private static bool Set(Action set)
    {
        set();
        return true;
    }

    private static OptionsValidationException Wrong(string path, string what) => new(nameof(LdapOptions), typeof(LdapOptions), [$"{path}: {what}."]);
}
