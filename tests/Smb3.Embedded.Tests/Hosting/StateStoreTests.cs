using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.State;
using Xunit;

namespace Smb3.Embedded.Tests.Hosting;

public sealed class StateStoreTests
{
    [Fact]
    public async Task A_server_uses_the_state_store_that_it_was_given_and_leaves_it_to_the_host()
    {
        await using var store = new MemoryStateStore();
        IStateStore? used = null;
        var builder = SmbServer.CreateBuilder();
        await using (builder.Listen("127.0.0.1:0").UseStateStore(store).Configure(options => used = options.StateStore).Build())
        {
            Assert.Same(store, used);
        }

        Assert.Equal(1, await store.AcquireAsync("scope", CancellationToken.None));
    }

    [Fact]
    public async Task A_state_store_comes_from_services_once_and_goes_with_them()
    {
        var made = new List<MemoryStateStore>();
        var builder = SmbServer.CreateBuilder();
        builder.Services.AddSingleton(_ =>
        {
            made.Add(new MemoryStateStore());
            return made[^1];
        });
        IStateStore? used = null;
        var server = builder.Listen("127.0.0.1:0").UseStateStore(services => services.GetRequiredService<MemoryStateStore>())
            .Configure(options => used = options.StateStore).Build();
        Assert.Same(Assert.Single(made), used);
        Assert.Equal(1, await made[0].AcquireAsync("scope", CancellationToken.None));

        await server.DisposeAsync();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await made[0].AcquireAsync("scope", CancellationToken.None));
    }
}
