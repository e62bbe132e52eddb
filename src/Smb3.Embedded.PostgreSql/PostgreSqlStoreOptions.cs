using System.Text;

namespace Smb3.Embedded.PostgreSql;

/// <summary>How a store uses its database.</summary>
public sealed class PostgreSqlStoreOptions
{
    /// <summary>The schema that a store uses by default.</summary>
    public const string DefaultSchema = "smb3";

    /// <summary>The most bytes of a name in PostgreSQL.</summary>
    private const int MaxSchemaBytes = 63;

    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The schema that holds the tables: made when it does not exist. Clusters that have nothing to do with each other may lie in schemas of one
    /// database. Default <c>smb3</c>.
    /// </summary>
    /// <exception cref="ArgumentException">It cannot be the name of a schema.</exception>
    public string Schema
    {
        get;
        set
        {
            ArgumentException.ThrowIfNullOrEmpty(value);
            if (Encoding.UTF8.GetByteCount(value) > MaxSchemaBytes || value.Contains('\0', StringComparison.Ordinal)
                || value.StartsWith("pg_", StringComparison.OrdinalIgnoreCase))
            {
                throw new ArgumentException($"'{value}' cannot be the name of a schema.", nameof(value));
            }

            field = value;
        }
    } = DefaultSchema;

    /// <summary>
    /// How long a call may take, with all attempts, before it fails: 100 ms to 10 minutes. What the network or a change of the primary interrupts
    /// is tried again within it. The renewal of a lease has a third of the lease at most. Default 10 seconds.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
    public TimeSpan Timeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, ShortestTimeout);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LongestTimeout);
            field = value;
        }
    } = TimeSpan.FromSeconds(10);
}
