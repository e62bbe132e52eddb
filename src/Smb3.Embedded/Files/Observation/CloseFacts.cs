namespace Smb3.Embedded.Files.Observation;

/// <summary>What an open has done in its lifetime.</summary>
/// <param name="Name">What was open, under its current name.</param>
/// <param name="BytesRead">Bytes read, copies from it included.</param>
/// <param name="BytesWritten">Bytes written, copies to it included.</param>
/// <param name="Deleted">Whether the name was removed with it.</param>
internal readonly record struct CloseFacts(FileName Name, long BytesRead, long BytesWritten, bool Deleted);
