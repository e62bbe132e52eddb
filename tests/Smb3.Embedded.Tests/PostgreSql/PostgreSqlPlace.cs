using Smb3.Embedded.PostgreSql;
using Smb3.Embedded.TestPeers;
using Xunit;

namespace Smb3.Embedded.Tests.PostgreSql;

/// <summary>A PostgreSQL server for many tests, each of which has a schema of its own.</summary>
public sealed class PostgreSqlPlace : IDisposable
{
    public const string Collection = "PostgreSQL";

    private static int _schemas;
    private readonly Lazy<PostgreSqlServer> _server = new(static () => new PostgreSqlServer());

    internal PostgreSqlServer Server
    {
        get
        {
            if (PostgreSqlServer.FindPrograms() is null && !PostgreSqlFactAttribute.MustRun)
            {
                // The tests of a conformance kit are facts without a condition; this is how xunit is told at run time.
                throw new InvalidOperationException("$XunitDynamicSkip$" + PostgreSqlServer.Missing);
            }

            return _server.Value;
        }
    }

    public static PostgreSqlStoreOptions NewSchema() => new() { Schema = $"test \"{Interlocked.Increment(ref _schemas)}\" ~.$1" };

    public void Dispose()
    {
        if (_server.IsValueCreated)
        {
            Server.Dispose();
        }
    }
}

/// <summary>Some of them are of leases, like <see cref="RealLeases"/>.</summary>
[CollectionDefinition(PostgreSqlPlace.Collection, DisableParallelization = true)]
public sealed class PostgreSqlDefinition : ICollectionFixture<PostgreSqlPlace>;
