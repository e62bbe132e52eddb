using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting;
using Smb3.Embedded.Hosting.Options;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Negotiate;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_are_safe_and_valid()
    {
        var options = new SmbServerOptions();
        OptionsValidator.Check(options);
        var settings = SettingsFactory.Create(options);
        Assert.False(settings.AllowGuest);
        Assert.False(settings.AllowAnonymous);
        Assert.Empty(options.Listen);
        Assert.Equal(Smb2Dialect.Smb311, settings.MaxDialect);
    }

    [Fact]
    public void The_limits_have_the_defaults_of_the_rooms_below() =>
        Assert.Equal(new ServerLimits(), SettingsFactory.Create(new SmbServerOptions()).Limits);

    [Fact]
    public void Every_setting_can_come_from_configuration()
    {
        var options = Bind(
            ("ServerName", "FILES"), ("DomainName", "OFFICE"), ("Comment", "c"), ("Listen:0", "127.0.0.1:4450"), ("Listen:1", "[::1]:0"),
            ("MinDialect", "2.1"), ("MaxDialect", "3.0.2"), ("Signing", "required"), ("Encryption", "Required"),
            ("Ciphers", "AES-256-GCM, aes-128-ccm"), ("SigningAlgorithms:0", "AES-CMAC"), ("AllowGuest", "true"),
            ("AllowAnonymous", "True"), ("DrainTimeout", "3"), ("Limits:MaxConnections", "7"), ("Limits:IdleTimeout", "none"),
            ("Limits:AuthenticationTimeout", "00:00:09"), ("Limits:MaxBytesInFlight", "8388608"), ("LogonThrottle:FirstDelay", "0.5"),
            ("LogonThrottle:FailuresPerUser", "none"), ("Shares:0", "a=/x,readonly,encrypt,ca,writecache"), ("Shares:1:Name", "b"),
            ("Shares:1:Folder", "memory:"), ("Shares:1:MaxUsers", "3"), ("Shares:1:Users:alice", "read"), ("Shares:1:Groups:staff", "full"),
            ("Shares:1:Others", "none"), ("State", "/var/lib/smb3"), ("Users:0", "u:p:w"), ("Users:1:Name", "v"),
            ("Users:1:NtHash", "0123456789abcdef0123456789ABCDEF"),
            ("Users:1:Groups", "staff,admins"), ("Interfaces", "eth*, !eth9"), ("Limits:MaxChannelsPerSession", "4"),
            ("AdvertisedInterfaces:0", "192.0.2.1 speed=10G rss"), ("AdvertisedInterfaces:1", "2001:db8::1"),
            ("Kerberos:AllowRc4", "true"), ("Kerberos:ClockSkew", "60"), ("Directory:Timeout", "2"), ("Directory:Pause", "0"),
            ("Directory:KeepFound", "7"), ("Directory:KeepMissing", "8"), ("Directory:MaxEntries", "9"), ("Directory:MaxRequests", "10"));
        Assert.True(options.Directory is { MaxEntries: 9, MaxRequests: 10, Timeout.Seconds: 2, KeepFound.Seconds: 7, KeepMissing.Seconds: 8 });
        Assert.Equal(TimeSpan.Zero, options.Directory.Pause);
        Assert.True(options.Kerberos is { AllowRc4: true, Keytab: null } && options.Kerberos.ClockSkew == TimeSpan.FromMinutes(1));
        Assert.Equal("/var/lib/smb3", options.State);
        options.StateStore = new NoState();
        OptionsValidator.Check(options);
        var settings = SettingsFactory.Create(options);
        Assert.Equal("FILES", settings.ServerName);
        Assert.Equal(["127.0.0.1:4450", "[::1]:0"], options.Listen.Select(endPoint => endPoint.ToString()));
        Assert.Equal((Smb2Dialect.Smb210, Smb2Dialect.Smb302), (settings.MinDialect, settings.MaxDialect));
        Assert.True(settings.SigningRequired);
        Assert.Equal(EncryptionPolicy.Required, settings.Encryption);
        Assert.Equal([Smb2Cipher.Aes256Gcm, Smb2Cipher.Aes128Ccm], settings.Ciphers);
        Assert.Equal([Smb2SigningAlgorithm.AesCmac], settings.SigningAlgorithms);
        Assert.True(settings is { AllowGuest: true, AllowAnonymous: true });
        Assert.Equal(TimeSpan.FromSeconds(3), settings.DrainTimeout);
        Assert.Equal(7, settings.Limits.MaxConnections);
        Assert.Null(settings.Limits.IdleTimeout);
        Assert.Equal(4, settings.Limits.MaxChannelsPerSession);
        Assert.Equal(["eth*", "!eth9"], options.Interfaces);
        Assert.Equal(2, options.AdvertisedInterfaces.Count);
        Assert.True(options.AdvertisedInterfaces[0] is { LinkSpeed: 10_000_000_000, Rss: true });
        Assert.Equal(TimeSpan.FromSeconds(9), settings.Limits.AuthenticationTimeout);
        Assert.Equal(TimeSpan.FromSeconds(0.5), options.LogonThrottle.FirstDelay);
        Assert.Null(options.LogonThrottle.FailuresPerUser);
        Assert.True(options.Shares[0] is { Name: "a", Folder: "/x", ReadOnly: true, Encrypt: true, ContinuouslyAvailable: true, AllowGuest: false });
        Assert.True(options.Shares[1] is { Name: "b", MaxUsers: 3, Others: SmbShareAccess.None });
        Assert.Equal(SmbShareAccess.Read, options.Shares[1].Users["ALICE"]);
        Assert.Equal(2, options.Users.Count);
    }

    [Fact]
    public async Task A_configured_password_may_hold_a_colon()
    {
        var expected = new byte[SmbUser.NtHashSize];
        SmbUser.ComputeNtHash("p:w", expected);
        var user = await Bind(("Users:0", "u:p:w")).Users.FindAsync("U", string.Empty, CancellationToken.None);
        Assert.Equal(expected, user!.NtHash.ToArray());
    }

    [Fact]
    public void A_list_that_is_bound_later_replaces_the_earlier_one()
    {
        var options = Bind(("Listen:0", "127.0.0.1:1"), ("Listen:1", "127.0.0.1:2"), ("Shares:0", "a=/a"), ("Users:0", "a:a"));
        options.Bind(Section(("Listen:0", "127.0.0.1:3"), ("Shares:0", "b=/b")));
        Assert.Equal(3, Assert.Single(options.Listen).Port);
        Assert.Equal("b", Assert.Single(options.Shares).Name);
        Assert.Equal(1, options.Users.Count);
    }

    [Theory]
    [InlineData("Listen:0", "4450", "Listen:0")]
    [InlineData("Listen:0", "host:445", "host:445")]
    [InlineData("Listen:0", "rdma://5445", "rdma://5445")]
    [InlineData("Listen:0", "rdma://host:5445", "rdma://host:5445")]
    [InlineData("Listen:0", "rdma:127.0.0.1:5445", "rdma:127.0.0.1:5445")]
    [InlineData("MinDialect", "1.0", "2.0.2, 2.1, 3.0, 3.0.2, 3.1.1")]
    [InlineData("Signing", "maybe", "auto, required")]
    [InlineData("Ciphers", "AES-128-GCM,ROT13", "ROT13")]
    [InlineData("AllowGuest", "perhaps", "AllowGuest")]
    [InlineData("DrainTimeout", "soon", "hh:mm:ss")]
    [InlineData("Limits:MaxConnections", "many", "Limits:MaxConnections")]
    [InlineData("Limits:MaxConections", "7", "there is no such setting")]
    [InlineData("Shares:0", "noequals", "NAME=FOLDER")]
    [InlineData("Shares:0", "s=/x,strange", "strange")]
    [InlineData("Shares:0:Fodler", "/x", "Fodler")]
    [InlineData("Users:0", "nopassword", "nopassword")]
    [InlineData("Witness:Enabled", "perhaps", "Witness:Enabled")]
    [InlineData("Witness:Adresses", "192.0.2.1", "there is no such setting")]
    [InlineData("Witness:Addresses:0", "here", "Witness:Addresses:0")]
    [InlineData("Witness:Interfaces", "node1", "GROUP=ADDRESS")]
    [InlineData("Witness:Interfaces", "node1=192.0.2.1 remote", "GROUP=ADDRESS")]
    [InlineData("Witness:Interfaces", "node1=here", "GROUP=ADDRESS")]
    [InlineData("AdvertisedInterfaces:0", "eth0", "ADDRESS [speed=10G]")]
    [InlineData("Users:0:Name", "u", "Password or an NtHash")]
    [InlineData("Users:0", "u:", "empty password")]
    public void A_value_that_cannot_be_read_is_refused_by_name(string key, string value, string says)
    {
        var e = Assert.Throws<OptionsValidationException>(() => Bind((key, value)));
        Assert.Contains(says, Assert.Single(e.Failures), StringComparison.Ordinal);
        Assert.StartsWith(key.Split(':')[0], e.Failures.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_has_one_user()
    {
        var e = Assert.Throws<OptionsValidationException>(() => Bind(("Users:0", "u:p"), ("Users:1", "U:q"), ("Users:2:Name", "u"), ("Users:2:Password", "r")));
        Assert.Equal(2, e.Failures.Count());
        Assert.All(e.Failures, failure => Assert.Contains("already", failure, StringComparison.Ordinal));
    }

    [Fact]
    public void A_password_is_never_in_a_message()
    {
        var e = Assert.Throws<OptionsValidationException>(() => Bind(("Users:0", ":Very-Secret-9"), ("Users:1:Password", "Very-Secret-9")));
        Assert.Equal(2, e.Failures.Count());
        Assert.DoesNotContain("Very-Secret-9", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ServerName: ", "ServerName", "A name with spaces")]
    [InlineData("DomainName: ", "DomainName", "")]
    [InlineData("MinDialect: 3.1.1 is above MaxDialect", "MaxDialect", "3.0", "MinDialect", "3.1.1")]
    [InlineData("MaxDialect: ", "MaxDialect", "2.1", "Encryption", "required")]
    [InlineData("Encryption: ", "Encryption", "off", "Shares:0", "s=/x,encrypt")]
    [InlineData("Ciphers: ", "Ciphers", "AES-128-GCM,AES-128-GCM")]
    [InlineData("SigningAlgorithms: ", "SigningAlgorithms", "")]
    [InlineData("Limits:MaxConnections: 0 ", "Limits:MaxConnections", "0")]
    [InlineData("Limits:MaxReadSize: 100 ", "Limits:MaxReadSize", "100")]
    [InlineData("Limits:AuthenticationTimeout: ", "Limits:AuthenticationTimeout", "0")]
    [InlineData("Limits:IdleTimeout: ", "Limits:IdleTimeout", "1")]
    [InlineData("Limits:MaxChannelsPerSession: ", "Limits:MaxChannelsPerSession", "0")]
    [InlineData("Interfaces: ", "Interfaces", "192.0.2.0/33")]
    [InlineData("Witness:Port: 65536 ", "Witness:Port", "65536")]
    [InlineData("Witness:EndpointMapperPort: -1 ", "Witness:EndpointMapperPort", "-1")]
    [InlineData("Witness:EndpointMapperPort: 4000 ", "Witness:EndpointMapperPort", "4000", "Witness:Port", "4000")]
    [InlineData("AdvertisedInterfaces: ", "AdvertisedInterfaces", "0.0.0.0")]
    [InlineData("AdvertisedInterfaces: an address is there twice", "AdvertisedInterfaces", "192.0.2.1,192.0.2.1 rss")]
    [InlineData("LogonThrottle:Window: ", "LogonThrottle:Window", "0")]
    [InlineData("DrainTimeout: ", "DrainTimeout", "-1")]
    [InlineData("Listen: 127.0.0.1:9 is there twice", "Listen", "127.0.0.1:9,127.0.0.1:9")]
    [InlineData("Listen: rdma://127.0.0.1:9 is there twice", "Listen", "127.0.0.1:9,rdma://127.0.0.1:9,rdma://127.0.0.1:9")]
    [InlineData("AdvertisedInterfaces: an address is there twice", "AdvertisedInterfaces", "192.0.2.1 rdma,192.0.2.1,192.0.2.1 rdma")]
    [InlineData("AllowNtlm: without NTLM nobody could log on", "AllowNtlm", "false")]
    [InlineData("Kerberos:Keytab: ", "Kerberos:Keytab", "/nowhere/keytab")]
    [InlineData("Kerberos:Keytab: /dev/null is not a keytab", "Kerberos:Keytab", "/dev/null")]
    [InlineData("Kerberos:ClockSkew: ", "Kerberos:ClockSkew", "02:00:00")]
    [InlineData("LogonPolicies:0: it demands nothing", "LogonPolicies:0:Users", "u")]
    [InlineData("LogonPolicies:0: Networks: 'here'", "LogonPolicies:0:Networks", "here", "LogonPolicies:0:RequireEncryption", "true")]
    [InlineData("LogonPolicies:0: EndPoints: 'here:445'", "LogonPolicies:0:EndPoints", "here:445", "LogonPolicies:0:RequireEncryption", "true")]
    [InlineData("LogonPolicies:0: Mechanisms: 'SRP'", "LogonPolicies:0:Mechanisms", "SRP")]
    [InlineData("LogonPolicies:0: it requires encryption", "LogonPolicies:0:RequireEncryption", "true", "Encryption", "off")]
    [InlineData("UsersFile: ", "UsersFile", "/nowhere/users")]
    [InlineData("Directory:Timeout: ", "Directory:Timeout", "02:00:00")]
    [InlineData("Directory:MaxRequests: ", "Directory:MaxRequests", "0")]
    [InlineData("Shares:1:Name: ", "Shares:0", "s=/x", "Shares:1", "S=/y")]
    [InlineData("Shares:0:Name: 'IPC$'", "Shares:0", "IPC$=/x")]
    [InlineData("Shares:0:Name: ", "Shares:0", "a/b=/x")]
    [InlineData("Shares:0:Folder: ", "Shares:0:Name", "s")]
    [InlineData("Shares:0:MaxUsers: ", "Shares:0:Name", "s", "Shares:0:Folder", "/x", "Shares:0:MaxUsers", "0")]
    [InlineData("State: share 's' is to be continuously available", "Shares:0", "s=/x,ca")]
    [InlineData("State: nothing opens '/x'", "State", "/x", "Shares:0", "s=/x,ca")]
    public void What_does_not_fit_together_is_refused_by_name(string says, params string[] settings)
    {
        var options = Bind([.. settings.Chunk(2).Select(pair => (pair[0], pair[1]))]);
        var e = Assert.Throws<OptionsValidationException>(() => OptionsValidator.Check(options));
        Assert.StartsWith(says, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void A_guest_share_lets_guests_onto_the_server_and_onto_nothing_else()
    {
        var settings = SettingsFactory.Create(Bind(("Shares:0", "open=memory:,guest"), ("Shares:1", "closed=memory:")));
        Assert.True(settings is { AllowGuest: true, AllowAnonymous: true });
    }

    [Fact]
    public void The_witness_service_is_configured_by_names_and_addresses()
    {
        var witness = Bind(
            ("Witness:Enabled", "true"),
            ("Witness:Port", "4460"),
            ("Witness:EndpointMapperPort", "none"),
            ("Witness:Addresses", "192.0.2.1, 2001:db8::1"),
            ("Witness:NetworkNames", "corp,files.example.org"),
            ("Witness:Interfaces", "node1=192.0.2.1 local, node2=2001:db8::2")).Witness;
        Assert.True(witness.Enabled);
        Assert.Equal((4460, null), (witness.Port, witness.EndpointMapperPort));
        Assert.Equal(["192.0.2.1", "2001:db8::1"], witness.Addresses.Select(address => address.ToString()));
        Assert.Equal(["corp", "files.example.org"], witness.NetworkNames);
        Assert.Equal([("node1", true), ("node2", false)], witness.Interfaces.Select(one => (one.Group, one.IsLocal)));
        Assert.Equal("2001:db8::2", witness.Interfaces[1].IPv6?.ToString());
        Assert.False(new SmbServerOptions().Witness.Enabled);
    }

    [Theory]
    [InlineData(SmbShareAccess.Read, true, false, false)]
    [InlineData(SmbShareAccess.Change, true, true, false)]
    [InlineData(SmbShareAccess.Full, true, true, true)]
    [InlineData(SmbShareAccess.None, false, false, false)]
    public void Share_access_gives_what_its_name_says(SmbShareAccess access, bool reads, bool writes, bool owns)
    {
        var share = new SmbShareOptions { Users = { ["u"] = access } };
        var permissions = SettingsFactory.CreatePermissions(share);
        var granted = permissions.AccessOf(new SmbIdentity { UserName = "U" });
        Assert.Equal(reads, granted.HasFlag(FileAccessMask.ReadData));
        Assert.Equal(writes, granted.HasFlag(FileAccessMask.WriteData | FileAccessMask.Delete));
        Assert.Equal(owns, granted.HasFlag(FileAccessMask.WriteDac));
        Assert.Equal(FileAccessMask.None, permissions.AccessOf(new SmbIdentity { UserName = "other" }));
    }

    [Fact]
    public void A_share_in_memory_is_not_continuously_available()
    {
        var options = Bind(("Shares:0", "s=memory:,ca"));
        options.StateStore = new NoState();
        var e = Assert.Throws<OptionsValidationException>(() => OptionsValidator.Check(options));
        Assert.StartsWith("Shares:0:ContinuouslyAvailable: ", Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_continuously_available_share_is_added_only_where_state_can_be_kept()
    {
        var options = new SmbServerOptions();
        await using (var server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null))
        {
            var share = new SmbShareOptions { Name = "s", Store = new MemoryFileStore(), ContinuouslyAvailable = true };
            var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => server.Shares.AddAsync(share));
            Assert.Contains("UseStateStore", refused.Message, StringComparison.Ordinal);
        }

        options.StateStore = new NoState();
        await using (var server = new SmbServer(string.Empty, options, NullLoggerFactory.Instance, meters: null, owned: null))
        {
            await server.Shares.AddAsync(new SmbShareOptions { Name = "s", Store = new MemoryFileStore(), ContinuouslyAvailable = true });
        }
    }

    [Theory]
    [InlineData("s=/x", true)]
    [InlineData("s=/x,ca", false)]
    [InlineData("s=/x,ca,writecache", true)]
    public void Changes_on_a_continuously_available_share_are_answered_when_they_are_safe(string share, bool fromCache) =>
        Assert.Equal(fromCache, Bind(("Shares:0", share)).Shares[0].AnswersFromCache);

    private static SmbServerOptions Bind(params (string Key, string Value)[] settings)
    {
        var options = new SmbServerOptions();
        options.Bind(Section(settings));
        return options;
    }

    private static IConfiguration Section(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();

    private sealed class NoState : IStateStore
    {
        public ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken) => new(1);

        public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken) => new([]);

        public ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken) =>
            default;

        public ValueTask DisposeAsync() => default;
    }
}
