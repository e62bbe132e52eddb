using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.AzureBlobs;

/// <summary>Every log message of the package. Event ids do not change.</summary>
internal static partial class AzureLog
{
    [LoggerMessage(1, LogLevel.Error, "The container {Container} cannot be used: {Problem} Clients are refused what needs it; it is tried again whenever they ask.")]
    public static partial void Troubled(ILogger logger, string container, string problem);

    [LoggerMessage(2, LogLevel.Information, "The container {Container} can be used again.")]
    public static partial void Recovered(ILogger logger, string container);

    [LoggerMessage(
        3, LogLevel.Warning,
        "A copy that did not end is left in the container {Container} as the blob {Blob}, which has no data or not all of it ({Problem}). Remove it.")]
    public static partial void CopyLeft(ILogger logger, string container, string blob, string problem);
}
