using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Hosting.Options;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>Namespaces and links in configuration, and what is wrong with them.</summary>
public sealed class NamespaceOptionsTests
{
    [Fact]
    public void Every_property_can_come_from_configuration()
    {
        var options = Bind(
            ("Namespaces:0:Name", "corp"), ("Namespaces:0:Comment", "c"), ("Namespaces:0:TimeToLive", "60"),
            ("Namespaces:0:TargetFailback", "true"), ("Namespaces:0:Encrypt", "true"), ("Namespaces:0:AllowGuest", "true"),
            ("Namespaces:0:Hidden", "true"), ("Namespaces:0:MaxUsers", "9"), ("Namespaces:0:Users:alice", "read"),
            ("Namespaces:0:Groups:staff", "full"), ("Namespaces:0:Others", "none"), ("Namespaces:0:Targets", @"\\one\corp,\\two\corp"),
            ("Namespaces:0:Links:0:Path", @"team\docs"), ("Namespaces:0:Links:0:Comment", "d"), ("Namespaces:0:Links:0:TimeToLive", "00:10:00"),
            ("Namespaces:0:Links:0:LeadsToNamespace", "true"), ("Namespaces:0:Links:0:Targets:0", @"\\srv\docs"),
            ("Namespaces:0:Links:0:Targets:1:Path", "//srv2/docs/here"), ("Namespaces:0:Links:0:Targets:1:PriorityClass", "global-low"),
            ("Namespaces:0:Links:0:Targets:1:PriorityRank", "7"), ("Namespaces:0:Links:0:Targets:1:IsOnline", "false"),
            ("Namespaces:0:Links:1", @"plans=\\srv\plans"), ("Namespaces:1", "other,guest,hidden,encrypt"));
        OptionsValidator.Check(options);
        var corp = options.Namespaces[0];
        Assert.True(corp is
        {
            Name: "corp", Comment: "c", TargetFailback: true, Encrypt: true, AllowGuest: true, Hidden: true, MaxUsers: 9,
            Others: SmbShareAccess.None,
        });
        Assert.Equal(TimeSpan.FromMinutes(1), corp.TimeToLive);
        Assert.Equal((SmbShareAccess.Read, SmbShareAccess.Full), (corp.Users["ALICE"], corp.Groups["Staff"]));
        Assert.Equal([@"\\one\corp", @"\\two\corp"], corp.Targets.Select(target => target.Path));
        Assert.True(corp.Links[0] is { Path: @"team\docs", Comment: "d", LeadsToNamespace: true });
        Assert.Equal(TimeSpan.FromMinutes(10), corp.Links[0].TimeToLive);
        Assert.True(corp.Links[0].Targets[0] is
        {
            Path: @"\\srv\docs", PriorityClass: SmbReferralPriorityClass.SiteCostNormal, PriorityRank: 0, IsOnline: true,
        });
        Assert.True(corp.Links[0].Targets[1] is
        {
            Path: "//srv2/docs/here", PriorityClass: SmbReferralPriorityClass.GlobalLow, PriorityRank: 7, IsOnline: false,
        });
        Assert.Equal((@"plans", @"\\srv\plans"), (corp.Links[1].Path, Assert.Single(corp.Links[1].Targets).Path));
        Assert.True(options.Namespaces[1] is { Name: "other", AllowGuest: true, Hidden: true, Encrypt: true });
        var settings = SettingsFactory.Create(options);
        Assert.True(settings is { AllowGuest: true, AllowAnonymous: true });
    }

    [Fact]
    public void Links_can_be_named_beside_their_namespaces_and_add_to_them()
    {
        var options = Bind(("Links:0", @"CORP\a\b=\\one\b, \\two\b"), ("Namespaces:0", "corp"), ("Namespaces:1", @"more"));
        options.Bind(Section(("Links:0", "more/c=//one/c")));
        OptionsValidator.Check(options);
        var link = Assert.Single(options.Namespaces[0].Links);
        Assert.Equal(@"a\b", link.Path);
        Assert.Equal([@"\\one\b", @"\\two\b"], link.Targets.Select(target => target.Path));
        Assert.Equal("c", Assert.Single(options.Namespaces[1].Links).Path);
    }

    [Theory]
    [InlineData("Namespaces:0", "corp,strange", "guest, encrypt and hidden")]
    [InlineData("Namespaces:0:Link", "x", "there is no such setting")]
    [InlineData("Namespaces:0:Links:0:Target", "x", "there is no such setting")]
    [InlineData("Namespaces:0:Links:0", "docs", "PATH=TARGET")]
    [InlineData("Namespaces:0:Links:0:Targets:0:PriorityClass", "best", "global-high, sitecost-high, sitecost-normal, sitecost-low, global-low")]
    [InlineData("Links:0", "docs", @"NAME\PATH=TARGET")]
    [InlineData("Links:0", @"corp=\\srv\docs", "which namespace")]
    [InlineData("Links:0", @"corp\docs=\\srv\docs", "there is no namespace 'corp'; add it to Namespaces (--namespace)")]
    public void A_value_that_cannot_be_read_is_refused_by_name(string key, string value, string says)
    {
        var e = Assert.Throws<OptionsValidationException>(() => Bind((key, value)));
        Assert.Contains(says, Assert.Single(e.Failures), StringComparison.Ordinal);
        Assert.StartsWith(key.Split(':')[0] + ":0", e.Failures.Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Namespaces:0:Name: 'IPC$'", "Namespaces:0", "IPC$")]
    [InlineData("Namespaces:0:Name: ''", "Namespaces:0:Comment", "x")]
    [InlineData("Namespaces:0:Name: 'a/b'", "Namespaces:0", "a/b")]
    [InlineData("Namespaces:0:Name: there is a share", "Namespaces:0", "S", "Shares:0", "s=/x")]
    [InlineData("Namespaces:1:Name: there is a share or another namespace", "Namespaces:0", "a", "Namespaces:1", "A")]
    [InlineData("Namespaces:0:TimeToLive: ", "Namespaces:0:Name", "a", "Namespaces:0:TimeToLive", "0")]
    [InlineData("Namespaces:0:MaxUsers: ", "Namespaces:0:Name", "a", "Namespaces:0:MaxUsers", "0")]
    [InlineData("Namespaces:0:Targets:0: ", "Namespaces:0:Name", "a", "Namespaces:0:Targets", "one")]
    [InlineData("Encryption: it is off, but namespace 'a'", "Namespaces:0", "a,encrypt", "Encryption", "off")]
    [InlineData("MaxDialect: ", "Namespaces:0", "a,encrypt", "MaxDialect", "2.1")]
    [InlineData("Namespaces:0:Links:0:Path: ''", "Namespaces:0:Name", "a", "Namespaces:0:Links:0:Targets", @"\\s\t")]
    [InlineData("Namespaces:0:Links:0:Path: 'x*y'", "Namespaces:0", "a", "Links:0", @"a\x*y=\\s\t")]
    [InlineData(@"Namespaces:0:Links:0:Path: '..\x'", "Namespaces:0", "a", "Links:0", @"a\..\x=\\s\t")]
    [InlineData(@"Namespaces:0:Links:0:Path: 'x\\y'", "Namespaces:0", "a", "Links:0", @"a\x\\y=\\s\t")]
    [InlineData("Namespaces:0:Links:0:Path: 'x.'", "Namespaces:0", "a", "Links:0", @"a\x.=\\s\t")]
    [InlineData("Namespaces:0:Links:1:Path: there are two links 'X'", "Namespaces:0", "a", "Links:0", @"a\x=\\s\t", "Links:1", @"a\X=\\s\u")]
    [InlineData(@"Namespaces:0:Links:0:Path: 'x\y\z' is below the link 'x\y'", "Namespaces:0", "a", "Links:0", @"a\x\y\z=\\s\t", "Links:1", @"a\x\y=\\s\u")]
    [InlineData("Namespaces:0:Links:0:Targets: link 'x' leads nowhere", "Namespaces:0", "a", "Links:0", @"a\x=")]
    [InlineData("Namespaces:0:Links:0:Targets:0: 's' is not a target", "Namespaces:0", "a", "Links:0", @"a\x=s")]
    [InlineData(@"Namespaces:0:Links:0:Targets:0: '\\s' is not a target", "Namespaces:0", "a", "Links:0", @"a\x=\\s")]
    [InlineData(@"Namespaces:0:Links:0:Targets:0: '\s\t' is not a target", "Namespaces:0", "a", "Links:0", @"a\x=\s\t")]
    [InlineData(@"Namespaces:0:Links:0:Targets:0: '\\s\t:1' is not a target", "Namespaces:0", "a", "Links:0", @"a\x=\\s\t:1")]
    [InlineData(@"Namespaces:0:Links:0:Targets:0: '\\s:4450\t' is not a target", "Namespaces:0", "a", "Links:0", @"a\x=\\s:4450\t")]
    [InlineData(@"Namespaces:0:Links:0:Targets:1: '\\S\T' is there twice", "Namespaces:0", "a", "Links:0", @"a\x=\\s\t,\\S\T")]
    public void A_namespace_that_cannot_be_is_refused_by_name(string says, params string[] settings)
    {
        var options = Bind([.. settings.Chunk(2).Select(pair => (pair[0], pair[1]))]);
        var e = Assert.Throws<OptionsValidationException>(() => OptionsValidator.Check(options));
        Assert.StartsWith(says, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void Ranks_classes_and_numbers_have_bounds()
    {
        var options = new SmbServerOptions();
        var space = new SmbNamespaceOptions { Name = "a" }.Link("x", link =>
        {
            link.TimeToLive = TimeSpan.FromDays(400);
            link.Comment = new string('c', 257);
            link.Targets.Add(new SmbNamespaceTarget { Path = @"\\s\t", PriorityRank = 32 });
            link.Targets.Add(new SmbNamespaceTarget { Path = @"\\s\u", PriorityClass = (SmbReferralPriorityClass)5 });
        }).Link("y", Enumerable.Range(0, 257).Select(i => $@"\\s\t{i}"));
        options.Namespaces.Add(space);
        var failures = Assert.Throws<OptionsValidationException>(() => OptionsValidator.Check(options)).Failures.Order();
        Assert.Equal(
            [
                "Namespaces:0:Links:0:Comment", "Namespaces:0:Links:0:Targets:0:PriorityRank", "Namespaces:0:Links:0:Targets:1:PriorityClass",
                "Namespaces:0:Links:0:TimeToLive", "Namespaces:0:Links:1:Targets",
            ],
            failures.Select(failure => failure[..failure.IndexOf(": ", StringComparison.Ordinal)]));
    }

    private static SmbServerOptions Bind(params (string Key, string Value)[] settings)
    {
        var options = new SmbServerOptions();
        options.Bind(Section(settings));
        return options;
    }

    private static IConfiguration Section(params (string Key, string Value)[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
