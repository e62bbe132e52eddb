namespace Smb3.Embedded.Cluster;

/// <summary>What holds for all nodes of a cluster.</summary>
public sealed record ClusterSettings
{
    /// <summary>
    /// The highest dialect that clustered shares are used with, as MS-SMB2 2.2.3 numbers it (0x0302 is 3.0.2); <see langword="null"/>: any.
    /// </summary>
    public int? MaxDialect { get; init; }

    /// <summary>The functional level: nothing that a node of a lower one does not understand is stored. It never goes down.</summary>
    public int Level { get; init; } = 1;
}
