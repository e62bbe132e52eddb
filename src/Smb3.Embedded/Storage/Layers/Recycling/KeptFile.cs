namespace Smb3.Embedded.Storage.Layers.Recycling;

/// <summary>A file that has a name in the bin.</summary>
/// <param name="Origin">Where it was.</param>
/// <param name="InBin">Where it is.</param>
/// <param name="Length">The length of its data.</param>
/// <param name="IsLinked">Whether it has its former name too.</param>
internal readonly record struct KeptFile(StorePath Origin, StorePath InBin, long Length, bool IsLinked);
