namespace Smb3.Embedded.Contention.Crashes;

/// <summary>A handle was closed by the server, as its client has to expect.</summary>
internal sealed class HandleClosedException() : Exception("The handle was closed by the server.");
