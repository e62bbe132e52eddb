using Microsoft.Extensions.Configuration;
using Smb3.Embedded.Cluster;
using Smb3.Embedded.PostgreSql;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

[Collection(PostgreSqlPlace.Collection)]
public sealed class UsePostgreSqlClusterTests(PostgreSqlPlace place)
{
    [PostgreSqlFact]
    public async Task Servers_with_one_database_are_nodes_of_one_cluster()
    {
        var options = PostgreSqlPlace.NewSchema();
        IClusterStore? used = null;
        var servers = new List<SmbServer>();
        foreach (var name in new[] { "one", "two" })
        {
            servers.Add(SmbServer.CreateBuilder().Listen("127.0.0.1:0")
                .UsePostgreSqlCluster(place.Server.ConnectionString, cluster => cluster.Node = name, options)
                .Configure(server => used = server.Cluster.Store).Build());
            await servers[^1].StartAsync();
        }

        Assert.Equal(["one", "two"], (await used!.ReadAsync(0, CancellationToken.None)).Nodes.Where(static node => node.IsAlive).Select(static node => node.Node.Name));
        foreach (var server in servers)
        {
            await server.DisposeAsync();
        }

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await used.ReadAsync(0, CancellationToken.None));
    }

    [Fact]
    public async Task The_setting_names_the_database_and_without_it_there_is_no_cluster()
    {
        Assert.IsType<PostgreSqlClusterStore>(await StoreAsync("Host=127.0.0.1;Port=1"));
        Assert.Null(await StoreAsync(null));
    }

    [Fact]
    public void A_database_that_nothing_connects_to_is_refused_without_telling_it()
    {
        var builder = SmbServer.CreateBuilder().Listen("127.0.0.1:0");
        builder.Configuration.AddInMemoryCollection([new("Smb:Cluster:ConnectionString", "Host=db;Password=secret")]);
        var refused = Assert.ThrowsAny<Exception>(builder.Build);
        Assert.Contains("Cluster:ConnectionString", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
    }

    private static async Task<IClusterStore?> StoreAsync(string? setting)
    {
        IClusterStore? used = null;
        var builder = SmbServer.CreateBuilder().Listen("127.0.0.1:0").UsePostgreSqlCluster();
        builder.Configuration.AddInMemoryCollection([new("Smb:Cluster:ConnectionString", setting)]);
        await using var server = builder.Configure(options => used = options.Cluster.Store).Build();
        return used;
    }
}
