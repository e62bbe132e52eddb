using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Listing;

/// <summary>One entry of a directory as QUERY_DIRECTORY reports it. Its file index is 0.</summary>
/// <param name="Name">The name; <c>.</c> and <c>..</c> come first.</param>
/// <param name="Metadata">What handles see of it.</param>
internal readonly record struct DirectoryEntry(string Name, FileMetadata Metadata);
