using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Smb3.Embedded.State;
using Smb3.Embedded.Storage;
using Smb3.Embedded.Storage.Memory;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

/// <summary>A server among the services of a host, configured as everything else of .NET is.</summary>
public sealed class OptionsPatternTests
{
    [Fact]
    public async Task Services_configure_the_options_before_after_and_by_name()
    {
        var services = new ServiceCollection();
        services.Configure<SmbServerOptions>(options => options.Comment = "early");
        services.AddSmbServer(smb => smb.Listen("127.0.0.1:0").Configure(options => options.ServerName = options.Comment.ToUpperInvariant()));
        services.AddSmbServer("inside", smb => smb.Listen("127.0.0.1:0"));
        services.Configure<SmbServerOptions>("inside", options => options.Comment = "named");
        services.PostConfigure<SmbServerOptions>(options => options.Comment += ", last");
        await using var provider = services.BuildServiceProvider();
        _ = provider.GetRequiredService<SmbServer>();
        _ = provider.GetRequiredKeyedService<SmbServer>("inside");
        var monitor = provider.GetRequiredService<IOptionsMonitor<SmbServerOptions>>();
        Assert.Equal(("EARLY", "early, last"), (monitor.CurrentValue.ServerName, monitor.CurrentValue.Comment));
        Assert.Equal("named", monitor.Get("inside").Comment);
        Assert.Equal("EARLY", provider.GetRequiredService<IOptions<SmbServerOptions>>().Value.ServerName);
    }

    [Fact]
    public async Task A_host_with_bad_settings_does_not_start_and_names_them()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSmbServer(smb => smb.Listen("127.0.0.1:0"));
        builder.Services.Configure<SmbServerOptions>(options => options.Limits.MaxCredits = 1);
        using var host = builder.Build();
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());
        Assert.StartsWith("Limits:MaxCredits", Assert.Single(refused.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_clock_is_that_of_the_services()
    {
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(new FakeTimeProvider(DateTimeOffset.UnixEpoch));
        services.AddSmbServer(smb => smb.Listen("127.0.0.1:0"));
        await using var provider = services.BuildServiceProvider();
        Assert.Equal(DateTimeOffset.UnixEpoch, provider.GetRequiredService<SmbServer>().Inspect().At);
    }

    [Fact]
    public async Task What_a_server_needs_is_made_once_however_often_its_options_are()
    {
        var (stores, states) = (0, 0);
        var services = new ServiceCollection();
        services.AddSmbServer(smb => smb.Listen("127.0.0.1:0").AddUser("u", "pw")
            .AddShare("s", _ => Count(ref stores, new MemoryFileStore()))
            .UseStateStore(_ => Count(ref states, new MemoryStateStore())));
        await using var provider = services.BuildServiceProvider();
        var first = provider.GetRequiredService<IOptions<SmbServerOptions>>().Value;
        var server = provider.GetRequiredService<SmbServer>();
        using var scope = provider.CreateScope();
        var second = scope.ServiceProvider.GetRequiredService<IOptionsSnapshot<SmbServerOptions>>().Value;
        Assert.Same(first.Shares[0].Store, second.Shares[0].Store);
        Assert.Same(first.StateStore, second.StateStore);
        Assert.Equal((1, 1), (stores, states));
        Assert.Equal("u", Assert.Single(server.Users).Name);
    }

    [Fact]
    public async Task Users_can_be_listed_and_changed_and_keep_their_passwords()
    {
        await using var server = SmbServer.CreateBuilder().Listen("127.0.0.1:0").AddUser("Bob", "pw", "staff").AddUser("alice", "pw").Build();
        Assert.Equal(["alice", "Bob"], server.Users.Select(user => user.Name));
        Assert.True(server.Users.Change("bob", user => user with { Name = "other", DisplayName = "Robert", Groups = ["a", "b"], Disabled = true }));
        Assert.False(server.Users.Change("nobody", user => user));
        var bob = server.Users.Single(user => user.Name == "Bob");
        Assert.Equal(("Robert", true, "a,b"), (bob.DisplayName, bob.Disabled, string.Join(',', bob.Groups)));
        Assert.True(server.Users.Contains("BOB"));
        Assert.True(await server.Users.RemoveAsync("BOB"));
        Assert.Equal(["alice"], server.Users.Select(user => user.Name));
    }

    [Fact]
    public async Task Stores_users_and_hooks_come_from_the_services_which_dispose_what_they_made()
    {
        var registered = new Users();
        OwnStore? keyed = null, made = null;
        var services = new ServiceCollection();
        services.AddSingleton(registered);
        services.AddKeyedSingleton<OwnStore>("keyed");
        services.AddSmbServer(smb => smb.Listen("127.0.0.1:0").AddShare<OwnStore>("keyed").AddShare<OwnStore>("made").UseUsers<Users>().UseHooks<Hooks>()
            .Configure(options =>
            {
                (keyed, made) = ((OwnStore?)options.Shares[0].Store, (OwnStore?)options.Shares[1].Store);
                Assert.Same(registered, options.UserStore);
                Assert.Same(registered, Assert.IsType<Hooks>(options.Hooks).Users);
            }));
        await using (var provider = services.BuildServiceProvider())
        {
            await provider.GetRequiredService<SmbServer>().StartAsync();
            Assert.Same(provider.GetRequiredKeyedService<OwnStore>("keyed"), keyed);
            Assert.NotSame(keyed, made);
        }

        Assert.Equal((1, 1, 0), (keyed!.Disposed, made!.Disposed, registered.Disposed)); // what the host made is the host's
    }

    private sealed class OwnStore : MemoryStoreBase;

    private sealed class Hooks(Users users) : SmbServerHooks
    {
        public Users Users => users;
    }

    private sealed class Users : ISmbUserStore, IDisposable
    {
        public int Disposed { get; private set; }

        public ValueTask<SmbUser?> FindAsync(string userName, string domain, CancellationToken cancellationToken) => new((SmbUser?)null);

        public void Dispose() => Disposed++;
    }

    private abstract class MemoryStoreBase : ReadOnlyFileStore, IDisposable
    {
        public int Disposed { get; private set; }

        public void Dispose() => Disposed++;

        protected internal override ValueTask<ReadOnlyEntry?> FindAsync(StorePath path, CancellationToken cancellationToken) =>
            new(path.IsRoot ? ReadOnlyEntry.Directory("") : null);

        protected internal override async IAsyncEnumerable<ReadOnlyEntry> ListAsync(
            StorePath directory, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.CompletedTask;
            yield break;
        }

        protected internal override ValueTask<Stream> OpenReadAsync(StorePath path, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private static T Count<T>(ref int times, T made)
    {
        times++;
        return made;
    }
}
