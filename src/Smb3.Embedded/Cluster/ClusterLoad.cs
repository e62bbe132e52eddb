namespace Smb3.Embedded.Cluster;

/// <summary>What a node carries, as it says itself.</summary>
/// <param name="Opens">Open files.</param>
/// <param name="BytesPerSecond">Bytes read and written, as a mean over the last while.</param>
/// <param name="IsDraining">Whether it takes no more shares.</param>
public readonly record struct ClusterLoad(long Opens, long BytesPerSecond, bool IsDraining = false);
