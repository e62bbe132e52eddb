using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Smb3.Embedded.Discovery;
using Smb3.Embedded.Tests.Protocol;
using Xunit;

namespace Smb3.Embedded.Tests.Discovery;

public sealed class DiscoverySettingsTests
{
    [Fact]
    public void All_settings_can_be_set()
    {
        var options = Bind(
            "Enabled", "true", "Mdns", "false", "WebServices", "false", "Name", "Our files", "HostName", "files", "Model", "MacPro", "Workgroup", "HOME",
            "Interfaces", "eth*, !eth1", "WebServicesPort", "0");
        Assert.True(options is { Mdns: false, WebServices: false, Name: "Our files", HostName: "files", Model: "MacPro", Workgroup: "HOME", WebServicesPort: 0 });
        Assert.Equal(["eth*", "!eth1"], options.Interfaces);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true, "Name", "x")]
    [InlineData(true, "Enabled", "true")]
    [InlineData(false, "Enabled", "false", "Name", "x")]
    public void It_is_on_where_there_is_a_section_that_does_not_say_no(bool isOn, params string[] settings) =>
        Assert.Equal(isOn, DiscoveryOptionsBinder.IsEnabled(SectionOf(settings)));

    [Theory]
    [InlineData("Discovery:Nam: there is no such setting", "Nam", "x")]
    [InlineData("Discovery:Mdns: 'maybe' is neither true nor false", "Mdns", "maybe")]
    [InlineData("Discovery:Name: ", "Name", "")]
    [InlineData("Discovery:Name: ", "Name", "0123456789012345678901234567890123456789012345678901234567890123")]
    [InlineData("Discovery:HostName: ", "HostName", "a.b")]
    [InlineData("Discovery:HostName: ", "HostName", "-a")]
    [InlineData("Discovery:Workgroup: ", "Workgroup", "0123456789012345")]
    [InlineData("Discovery:WebServicesPort: ", "WebServicesPort", "70000")]
    public void What_is_wrong_is_said_by_the_name_of_the_setting(string says, params string[] settings)
    {
        var e = Assert.Throws<OptionsValidationException>(() => DiscoverySettings.Create(Bind(settings), new SmbServerOptions()));
        Assert.StartsWith(says, Assert.Single(e.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_said_is_as_the_server_is_called()
    {
        var settings = DiscoverySettings.Create(new DiscoveryOptions(), new SmbServerOptions { ServerName = "MY_FILES", DomainName = "HOME", AppleModel = "iMac" });
        Assert.True(settings is { Name: "MY_FILES", HostName: "MY-FILES", Workgroup: "HOME", Model: "iMac", Mdns: true, WebServices: true });
    }

    [Fact]
    public async Task A_server_on_the_loopback_is_not_announced_and_says_so()
    {
        using var provider = new Provider();
        var builder = SmbServer.CreateBuilder().Listen("127.0.0.1:0").UseDiscovery();
        builder.Logging.AddProvider(provider);
        await using var server = builder.Build();
        await server.StartAsync();
        await server.StopAsync();
        Assert.Contains(provider.Log.Entries, static entry => entry.Text.Contains("loopback only", StringComparison.Ordinal));
    }

    private static DiscoveryOptions Bind(params string[] settings)
    {
        var options = new DiscoveryOptions();
        DiscoveryOptionsBinder.Bind(SectionOf(settings), options);
        return options;
    }

    private static IConfigurationSection SectionOf(string[] settings) => new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Chunk(2).Select(static pair => new KeyValuePair<string, string?>("Discovery:" + pair[0], pair[1]))).Build().GetSection("Discovery");

    private sealed class Provider : ILoggerProvider
    {
        public RecordingLogger Log { get; } = new();

        public ILogger CreateLogger(string categoryName) => Log;

        public void Dispose()
        {
        }
    }
}
