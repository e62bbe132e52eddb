using Npgsql;

namespace Smb3.Embedded.PostgreSql;

/// <summary>What a statement has found of a part (<see cref="ClusterSql.FindPart"/>).</summary>
internal sealed class PartFound
{
    /// <summary>The functional level of the cluster.</summary>
    public int Level { get; set; }

    /// <summary>Whether the share is owned as it was said to be.</summary>
    public bool IsOwned { get; private set; }

    /// <summary>Whether there is such a part of it, or was.</summary>
    public bool IsPart { get; private set; }

    /// <summary>Its folder; <see langword="null"/>: it was removed.</summary>
    public string? Folder { get; private set; }

    public void Read(NpgsqlDataReader row) =>
        (IsOwned, IsPart, Folder) = (row.GetBoolean(0), row.GetBoolean(1), row.IsDBNull(2) ? null : row.GetString(2));
}
