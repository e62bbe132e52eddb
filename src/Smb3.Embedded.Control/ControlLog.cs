using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Control;

/// <summary>Every log message of the package. Event ids do not change. No message has text that a client of the server chose.</summary>
internal static partial class ControlLog
{
    [LoggerMessage(1, LogLevel.Information, "The tool smb reaches this server by {Socket}.")]
    public static partial void Listening(ILogger logger, string socket);

    [LoggerMessage(2, LogLevel.Warning, "There is no control socket, so the tool smb does not reach this server: {Problem}")]
    public static partial void NotOpened(ILogger logger, string problem);

    [LoggerMessage(3, LogLevel.Warning, "User {User} was refused at the control socket: only the server's own user and root may use it.")]
    public static partial void Refused(ILogger logger, uint user);

    [LoggerMessage(4, LogLevel.Information, "Ended by the control socket: {What}.")]
    public static partial void Ended(ILogger logger, string what);

    [LoggerMessage(5, LogLevel.Information, "Asked for by the control socket: {What}.")]
    public static partial void Asked(ILogger logger, string what);

    [LoggerMessage(6, LogLevel.Error, "A fault at the control socket; it goes on.")]
    public static partial void Fault(ILogger logger, Exception exception);
}
