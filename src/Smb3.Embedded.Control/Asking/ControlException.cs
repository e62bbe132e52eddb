namespace Smb3.Embedded.Control.Asking;

/// <summary>A server could not be asked, or has refused; the message says why, for people.</summary>
internal sealed class ControlException(string message) : Exception(message);
