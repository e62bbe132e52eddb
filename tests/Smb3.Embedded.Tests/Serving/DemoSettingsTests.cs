using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.Serving;
using Smb3.Embedded.Tests.Storage;
using Smb3.Embedded.Transport.InMemory;
using Xunit;

namespace Smb3.Embedded.Tests.Serving;

/// <summary>The share and the user of those who only try a server: nobody else may ever have them.</summary>
public sealed class DemoSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Settings => Path.Join(_folder.Path, "appsettings.json");

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task Who_gives_nothing_has_a_share_and_a_user_until_something_is_given_and_then_never_again()
    {
        var demo = new DemoSettings(_folder.Path);
        Write("{ }");
        await using var services = Serve(demo);
        var server = services.GetRequiredService<SmbServer>();
        await server.StartAsync();
        AssertHas(server, ["demo"], ["demo"]);
        Assert.Equal(12, demo.Password!.Length);
        Assert.True(Directory.Exists(Path.Join(_folder.Path, "share")));

        Write("""{ "Smb": { "Shares": [ "s=memory:" ], "Users": [ "alice:pw" ] } }""");
        Assert.Empty(await server.ReloadSettingsAsync());
        AssertHas(server, ["s"], ["alice"]);

        Write("""{ "Smb": { "Shares": [ ], "Users": [ ] } }""");
        Assert.Empty(await server.ReloadSettingsAsync());
        AssertHas(server, [], []);
    }

    [Fact]
    public async Task Users_and_shares_of_files_are_enough_also_when_they_are_gone_later()
    {
        var users = Path.Join(_folder.Path, "users");
        File.WriteAllText(users, $"alice:{new string('a', 2 * SmbUser.NtHashSize)}\n");
        var demo = new DemoSettings(_folder.Path);
        Write($$"""{ "Smb": { "Shares": [ "s=memory:" ], "UsersFile": "{{users}}" } }""");
        await using var services = Serve(demo);
        var server = services.GetRequiredService<SmbServer>();
        await server.StartAsync();
        AssertHas(server, ["s"], []);

        File.WriteAllText(users, string.Empty);
        Write($$"""{ "Smb": { "Shares": [ ], "UsersFile": "{{users}}" } }""");
        Assert.Empty(await server.ReloadSettingsAsync());
        AssertHas(server, [], []);
        Assert.Null(demo.Password);
        Assert.False(Directory.Exists(Path.Join(_folder.Path, "share")));
    }

    private static void AssertHas(SmbServer server, string[] shares, string[] users)
    {
        Assert.Equal(shares, server.Shares.Select(static share => share.Name));
        Assert.Equal(users, server.Users.Select(static user => user.Name));
    }

    private ServiceProvider Serve(DemoSettings demo)
    {
        var configuration = new ConfigurationManager();
        configuration.AddJsonFile(Settings, optional: false, reloadOnChange: false);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSmbServer(configuration.GetSection("Smb"), smb => smb
            .Configure(static options => options.Transports.Add(static () => new InMemoryTransport()))
            .Configure(demo.Apply));
        return services.BuildServiceProvider();
    }

    private void Write(string settings) => File.WriteAllText(Settings, settings);
}
