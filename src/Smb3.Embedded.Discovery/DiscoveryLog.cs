using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Discovery;

/// <summary>Every log message of the package. Event ids do not change.</summary>
internal static partial class DiscoveryLog
{
    [LoggerMessage(1, LogLevel.Information, "The server listens on the loopback only, where nobody else finds it: nothing is announced.")]
    public static partial void LocalOnly(ILogger logger);

    [LoggerMessage(2, LogLevel.Information, "Announced as {Name} on {Interface}, port {Port}, at {Addresses}.")]
    public static partial void Announced(ILogger logger, string name, string @interface, int port, string addresses);

    [LoggerMessage(3, LogLevel.Information, "Not announced on {Interface} any more.")]
    public static partial void Gone(ILogger logger, string @interface);

    [LoggerMessage(
        4, LogLevel.Warning,
        "There is no interface to announce the server on: none by which clients reach it, or none that Discovery:Interfaces names. It is looked for again and again.")]
    public static partial void NoInterface(ILogger logger);

    [LoggerMessage(5, LogLevel.Information, "Another host is called {Former}: this one is announced as {Name}.")]
    public static partial void Renamed(ILogger logger, string former, string name);

    [LoggerMessage(6, LogLevel.Warning, "Port {Port} cannot be had on {Interface} ({Problem}): the server is not announced there by {Protocol}. It is tried again and again.")]
    public static partial void NotOpened(ILogger logger, int port, string @interface, string problem, string protocol);

    [LoggerMessage(
        7, LogLevel.Warning,
        "Port {Port} cannot be had ({Problem}), so Windows is told nothing. Stop the program that has it (wsdd?), or choose another with Discovery:WebServicesPort.")]
    public static partial void NoDescription(ILogger logger, int port, string problem);

    [LoggerMessage(8, LogLevel.Warning, "{Count} shares for Time Machine are not announced: there is no room for them, or their names have commas.")]
    public static partial void SharesLeftOut(ILogger logger, int count);

    [LoggerMessage(9, LogLevel.Error, "A fault in discovery; it goes on. Further ones within a minute are not logged.")]
    public static partial void Fault(ILogger logger, Exception exception);
}
