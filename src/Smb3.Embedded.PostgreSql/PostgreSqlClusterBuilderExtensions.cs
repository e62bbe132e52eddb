using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.PostgreSql;

namespace Smb3.Embedded;

/// <summary>Makes a server a node of a cluster in PostgreSQL.</summary>
public static class PostgreSqlClusterBuilderExtensions
{
    /// <summary>
    /// Makes the server a node of the cluster in the database that the setting <see cref="SmbClusterOptions.ConnectionString"/> names. Without the setting
    /// it is in no cluster.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    public static SmbServerBuilder UsePostgreSqlCluster(this SmbServerBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return Use(builder, null, null, null);
    }

    /// <summary>
    /// Makes the server a node of the cluster in a database, the same for all of its nodes. The connections are closed with the server's services.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="connectionString">
    /// Where the database is and who uses it: <c>Host=db1,db2;Username=smb3;Password=…;Database=smb3</c>.
    /// </param>
    /// <param name="configure">Sets what this node is.</param>
    /// <param name="options">How the database is used.</param>
    public static SmbServerBuilder UsePostgreSqlCluster(
        this SmbServerBuilder builder,
        string connectionString,
        Action<SmbClusterOptions>? configure = null,
        PostgreSqlStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        return Use(builder, connectionString, configure, options);
    }

    private static SmbServerBuilder Use(
        SmbServerBuilder builder, string? connectionString, Action<SmbClusterOptions>? configure, PostgreSqlStoreOptions? options)
    {
        var key = new object();
        builder.Services.AddKeyedSingleton(key, static (_, _) => new OwnedStore<PostgreSqlClusterStore>());
        return builder.Configure((services, server) =>
        {
            if ((connectionString ?? server.Cluster.ConnectionString) is { } where)
            {
                server.Cluster.Store = services.GetRequiredKeyedService<OwnedStore<PostgreSqlClusterStore>>(key)
                    .Open(() => new PostgreSqlClusterStore(where, options));
            }

            configure?.Invoke(server.Cluster);
        });
    }
}
