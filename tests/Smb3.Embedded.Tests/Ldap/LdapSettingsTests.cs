using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Ldap;
using Smb3.Embedded.Nt;
using Xunit;

namespace Smb3.Embedded.Tests.Ldap;

public sealed class LdapSettingsTests
{
    [Theory]
    [InlineData("alice", "alice")]
    [InlineData("a*b", @"a\2ab")]
    [InlineData("x)(objectClass=*", @"x\29\28objectClass\3d\2a")]
    [InlineData("a\\b\0", @"a\5cb\00")]
    [InlineData("ä", @"\c3\a4")]
    public void Nothing_in_a_name_is_a_part_of_the_filter(string name, string escaped) => Assert.Equal(escaped, LdapFilter.Escape(name));

    [Theory]
    [InlineData("ldap://dc1", "dc1", 389, false, false)]
    [InlineData("ldaps://dc1.example.com", "dc1.example.com", 636, true, false)]
    [InlineData("ldap://127.0.0.1:3389", "127.0.0.1", 3389, false, true)]
    [InlineData("ldap://[::1]", "::1", 389, false, true)]
    public void A_server_is_a_name_and_a_port(string text, string host, int port, bool tls, bool local)
    {
        Assert.True(LdapServer.TryParse(text, out var server));
        Assert.Equal((host, port, tls, local), (server.Host, server.Port, server.IsTls, server.IsLocal));
    }

    [Theory]
    [InlineData("Ldap:Servers: name at least one")]
    [InlineData("Ldap:Servers: 'dc1' is not", "Servers", "dc1")]
    [InlineData("Ldap:Servers: 'http://dc1' is not", "Servers", "http://dc1")]
    [InlineData("Ldap:BindName: its password would go to ldap://dc1:389 in plain text", "Servers", "ldap://dc1", "BindName", "reader", "Password", "x")]
    [InlineData("Ldap:PasswordFile: BindName needs a password", "Servers", "ldaps://dc1", "BindName", "reader")]
    [InlineData("Ldap:Kerberos: ", "Servers", "ldaps://dc1", "BindName", "reader", "Password", "x", "Kerberos", "true")]
    [InlineData("Ldap:MaxConnections: ", "Servers", "ldaps://dc1", "MaxConnections", "17")]
    [InlineData("Ldap:Timeout: ", "Servers", "ldaps://dc1", "Timeout", "00:02:00")]
    [InlineData("Ldap:Server: there is no such setting", "Server", "ldaps://dc1")]
    [InlineData("Ldap:DomainSid: 'S-1' is not a SID", "DomainSid", "S-1")]
    public void What_is_wrong_is_said_by_the_name_of_the_setting(string says, params string[] settings)
    {
        var e = Assert.Throws<OptionsValidationException>(() => new LdapAccountResolver(Bind(settings)));
        Assert.StartsWith(says, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void All_settings_can_be_set()
    {
        var options = Bind(
            "Servers", "ldaps://dc1, ldaps://dc2", "StartTls", "true", "CaDirectory", "/ca", "BindName", "reader", "PasswordFile", "/pw", "BaseDn", "dc=x",
            "Schema", "posix", "DomainName", "X", "DomainSid", "S-1-5-21-1-2-3", "MaxConnections", "3", "Timeout", "2");
        Assert.Equal(["ldaps://dc1", "ldaps://dc2"], options.Servers);
        Assert.True(options is { StartTls: true, Kerberos: false, CaDirectory: "/ca", BindName: "reader", PasswordFile: "/pw", BaseDn: "dc=x", Schema: LdapSchema.Posix });
        Assert.True(options is { DomainName: "X", MaxConnections: 3, Timeout.Seconds: 2 });
        Assert.Equal(new Sid(5, 21, 1, 2, 3), options.DomainSid);
    }

    private static LdapOptions Bind(params string[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Chunk(2).Select(pair => new KeyValuePair<string, string?>("Ldap:" + pair[0], pair[1]))).Build();
        var options = new LdapOptions();
        LdapOptionsBinder.Bind(configuration.GetSection("Ldap"), options);
        return options;
    }
}
