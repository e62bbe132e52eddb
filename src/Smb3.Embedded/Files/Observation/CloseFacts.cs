namespace Smb3.Embedded.Files.Observation;

/// <summary>What an open has done in its life.</summary>
/// <param name="Name">What was open, as it is called now.</param>
/// <param name="BytesRead">Bytes read, copies from it included.</param>
/// <param name="BytesWritten">Bytes written, copies to it included.</param>
/// <param name="Deleted">Whether the name went with it.</param>
internal readonly record struct CloseFacts(FileName Name, long BytesRead, long BytesWritten, bool Deleted);
