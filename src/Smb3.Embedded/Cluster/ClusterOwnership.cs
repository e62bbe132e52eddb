namespace Smb3.Embedded.Cluster;

/// <summary>A share that a node owns.</summary>
/// <param name="Share">The name of the share.</param>
/// <param name="Incarnation">The incarnation of the owner.</param>
/// <param name="Epoch">Positive, and greater with every change of the owner: the fencing token of the share's state.</param>
public sealed record ClusterOwnership(string Share, long Incarnation, long Epoch);
