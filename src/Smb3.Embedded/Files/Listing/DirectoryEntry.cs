using Smb3.Embedded.Storage;

namespace Smb3.Embedded.Files.Listing;

/// <summary>One entry of a directory as QUERY_DIRECTORY reports it.</summary>
/// <param name="Name">The name; <c>.</c> and <c>..</c> come first.</param>
/// <param name="Metadata">What handles see of it.</param>
/// <param name="Index">Its place, from which a later query can go on; 0 when it was looked up by its name.</param>
internal readonly record struct DirectoryEntry(string Name, FileMetadata Metadata, uint Index);
