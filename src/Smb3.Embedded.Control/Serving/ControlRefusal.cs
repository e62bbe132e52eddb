namespace Smb3.Embedded.Control.Serving;

/// <summary>A request that cannot be met, with the reason for who asked.</summary>
internal sealed class ControlRefusal(string message) : Exception(message);
