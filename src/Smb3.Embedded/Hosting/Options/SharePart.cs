namespace Smb3.Embedded.Hosting.Options;

/// <summary>A part of a clustered share: in the cluster it is a share of its own, which nobody but the cluster names.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Whole">The share that it is a part of.</param>
/// <param name="Folder">The folder from which on it is, from the root of that share.</param>
internal sealed record SharePart(string Name, string Whole, string Folder);
