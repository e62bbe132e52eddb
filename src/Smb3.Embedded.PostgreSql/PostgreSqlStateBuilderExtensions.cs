using Microsoft.Extensions.DependencyInjection;
using Smb3.Embedded.PostgreSql;

namespace Smb3.Embedded;

/// <summary>Lets a server keep its state in PostgreSQL.</summary>
public static class PostgreSqlStateBuilderExtensions
{
    /// <summary>
    /// Keeps what must outlive the server's process in a PostgreSQL database, whose connections are closed with the server's services. For several servers
    /// that take over each other's shares this is not enough: they are a cluster.
    /// </summary>
    /// <param name="builder">The server's builder.</param>
    /// <param name="connectionString">Where the database is and who uses it: <c>Host=db;Username=smb3;Password=…;Database=smb3</c>.</param>
    /// <param name="options">How it is used.</param>
    public static SmbServerBuilder UsePostgreSqlState(
        this SmbServerBuilder builder, string connectionString, PostgreSqlStoreOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(connectionString);

        var key = new object();
        builder.Services.AddKeyedSingleton(key, static (_, _) => new OwnedStore<PostgreSqlStateStore>());
        return builder.Configure((services, server) => server.StateStore = services.GetRequiredKeyedService<OwnedStore<PostgreSqlStateStore>>(key)
            .Open(() => new PostgreSqlStateStore(connectionString, options)));
    }
}
