using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.S3;

/// <summary>Every log message of the package. Event ids do not change.</summary>
internal static partial class S3Log
{
    [LoggerMessage(1, LogLevel.Error, "The bucket {Bucket} cannot be used: {Problem} Clients are refused what needs it; it is tried again whenever they ask.")]
    public static partial void Troubled(ILogger logger, string bucket, string problem);

    [LoggerMessage(2, LogLevel.Information, "The bucket {Bucket} can be used again.")]
    public static partial void Recovered(ILogger logger, string bucket);

    [LoggerMessage(
        3, LogLevel.Warning,
        "Parts of an upload that failed are left in the bucket {Bucket}, under the key {Key}, and cost as much as objects until they are removed ({Problem}). A lifecycle rule of the bucket that aborts incomplete uploads removes them.")]
    public static partial void PartsLeft(ILogger logger, string bucket, string key, string problem);

    [LoggerMessage(
        4, LogLevel.Information,
        "The server of the bucket {Bucket} knows no conditional writes: objects are looked at before they are replaced, so that two writers at the same moment may overwrite each other.")]
    public static partial void NoConditions(ILogger logger, string bucket);
}
