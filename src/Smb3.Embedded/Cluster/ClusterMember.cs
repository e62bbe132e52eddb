namespace Smb3.Embedded.Cluster;

/// <summary>A node that has joined.</summary>
/// <param name="Incarnation">What this run of it is known by.</param>
/// <param name="LeaseTime">How long its lease is valid without being renewed.</param>
public sealed record ClusterMember(long Incarnation, TimeSpan LeaseTime);
