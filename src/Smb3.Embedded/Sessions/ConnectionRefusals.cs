using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded.Sessions;

/// <summary>Refusals of what came over a connection.</summary>
internal static class ConnectionRefusals
{
    /// <summary>Writes a line, or counts it among those that are like it.</summary>
    /// <param name="refusals">The log.</param>
    /// <param name="connection">Where it came from.</param>
    /// <param name="kind">The message.</param>
    /// <param name="who">Whom or what it is about.</param>
    /// <param name="write">Writes the line. It may be kept for a minute, so it holds nothing of the connection.</param>
    public static void Tell(
        this RefusalLog refusals, Connection connection, string kind, string? who, Action<ILogger, Repeats> write)
    {
        connection.IsExplained = true;
        refusals.Tell(kind, connection.RemoteNetwork, who, write);
    }
}
