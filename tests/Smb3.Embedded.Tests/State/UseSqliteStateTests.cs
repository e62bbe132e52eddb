using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.Sqlite;
using Smb3.Embedded.State;
using Smb3.Embedded.Tests.Storage;
using Xunit;

namespace Smb3.Embedded.Tests.State;

public sealed class UseSqliteStateTests : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private readonly TemporaryFolder _folder = new();
    private readonly string _file;

    public UseSqliteStateTests() => _file = Path.Join(_folder.Path, "own.db");

    public void Dispose() => _folder.Delete();

    [Fact]
    public async Task A_server_of_its_own_closes_the_file_when_it_ends()
    {
        IStateStore? used = null;
        var server = SmbServer.CreateBuilder().Listen("127.0.0.1:0").UseSqliteState(_file).Configure(options => used = options.StateStore).Build();
        Assert.Equal(_file, Assert.IsType<SqliteStateStore>(used).Path);
        await used.AcquireAsync("scope", None);
        Assert.True(File.Exists(_file + "-wal"));
        await server.DisposeAsync();
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task The_services_of_a_host_close_the_files_of_its_servers()
    {
        var services = new ServiceCollection();
        var used = new List<IStateStore?>();
        foreach (var name in new[] { "one", "two" })
        {
            services.AddSmbServer(name, builder => builder.Listen("127.0.0.1:0").UseSqliteState(Path.Join(_folder.Path, name))
                .Configure(options => used.Add(options.StateStore)));
        }

        await using (var provider = services.BuildServiceProvider())
        {
            _ = provider.GetRequiredKeyedService<SmbServer>("one");
            _ = provider.GetRequiredKeyedService<SmbServer>("two");
            Assert.Equal(["one", "two"], used.Select(store => Path.GetFileName(((SqliteStateStore)store!).Path)));
            await used[0]!.AcquireAsync("scope", None);
            Assert.Equal(1, await used[1]!.AcquireAsync("scope", None));
        }

        Assert.Equal(["one", "two"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_container_that_does_not_wait_closes_the_file_too()
    {
        var builder = SmbServer.CreateBuilder().Listen("127.0.0.1:0").UseSqliteState(_file).Configure(options =>
        {
            options.StateStore!.AcquireAsync("scope", None).AsTask().GetAwaiter().GetResult();
            options.ServerName = "not a NetBIOS name, so nothing is built";
        });
        Assert.ThrowsAny<Exception>(builder.Build);
        Assert.Equal([_file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task The_setting_names_the_file_or_a_folder_and_without_it_there_is_no_store()
    {
        Assert.Equal(_file, await PathAsync(_file, builder => builder.UseSqliteState()));
        Assert.Equal(Path.Join(_folder.Path, "state.db"), await PathAsync(_folder.Path, builder => builder.UseSqliteState()));
        Assert.Equal(_file, await PathAsync(_folder.Path, builder => builder.UseSqliteState(_file)));
        Assert.Null(await PathAsync(null, builder => builder.UseSqliteState()));
    }

    [Fact]
    public async Task The_setting_counts_whenever_it_is_set()
    {
        IStateStore? used = null;
        await using (SmbServer.CreateBuilder().Listen("127.0.0.1:0").UseSqliteState().Configure(options => options.State = _file)
            .PostConfigure((_, options) => used = options.StateStore).Build())
        {
            Assert.Equal(_file, Assert.IsType<SqliteStateStore>(used).Path);
        }

        // What is set last, although another file was named when the store was asked for.
        await using (SmbServer.CreateBuilder().Listen("127.0.0.1:0").Configure(options => options.State = _file + ".old").UseSqliteState()
            .Configure(options => options.State = _file).PostConfigure((_, options) => used = options.StateStore).Build())
        {
            Assert.Equal(_file, Assert.IsType<SqliteStateStore>(used).Path);
        }

        // A store that the host has chosen itself stays.
        var own = new MemoryStateStore();
        await using (SmbServer.CreateBuilder().Listen("127.0.0.1:0").UseSqliteState().UseStateStore(own).Configure(options => options.State = _file)
            .PostConfigure((_, options) => used = options.StateStore).Build())
        {
            Assert.Same(own, used);
        }
    }

    private static async Task<string?> PathAsync(string? setting, Action<SmbServerBuilder> use)
    {
        IStateStore? used = null;
        var builder = SmbServer.CreateBuilder();
        builder.Configuration.AddInMemoryCollection([new("Smb:State", setting)]);
        use(builder.Listen("127.0.0.1:0"));
        await using var server = builder.Configure(options => used = options.StateStore).Build();
        return ((SqliteStateStore?)used)?.Path;
    }
}
