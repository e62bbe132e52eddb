namespace Smb3.Embedded.Files;

/// <summary>What an entry of the table of open files stands for: a file, or one named stream of it.</summary>
/// <param name="FileId">The store's number of the file.</param>
/// <param name="Stream">The stream's name as it is compared; null for the file itself.</param>
internal readonly record struct FileKey(ulong FileId, string? Stream = null);
