using Microsoft.Extensions.Logging;
using Smb3.Embedded.Diagnostics;

namespace Smb3.Embedded.Hosting.Reload;

/// <summary>What becomes of changed settings. Event ids do not change.</summary>
internal static partial class ReloadLog
{
    [LoggerMessage(320, LogLevel.Information, "The settings have changed: the limits are the new ones for what comes from now on.")]
    public static partial void LimitsChanged(ILogger logger);

    [LoggerMessage(321, LogLevel.Information, "The settings have changed: {Set} users were added or changed, {Gone} removed.")]
    public static partial void UsersChanged(ILogger logger, int set, int gone);

    [LoggerMessage(322, LogLevel.Information, "The settings have changed: share {Share} is as they say now.")]
    public static partial void ShareChanged(ILogger logger, LogText share);

    [LoggerMessage(323, LogLevel.Information, "The settings have changed: share {Share} was removed, and every use of it has ended.")]
    public static partial void ShareRemoved(ILogger logger, LogText share);

    [LoggerMessage(324, LogLevel.Warning, "The settings have changed, but share {Share} cannot be made so: {Problem}")]
    public static partial void ShareNotChanged(ILogger logger, LogText share, string problem);

    [LoggerMessage(325, LogLevel.Warning, "The settings have changed: {Setting} needs a restart; until then the server goes on with the old value.")]
    public static partial void NeedsRestart(ILogger logger, string setting);

    [LoggerMessage(326, LogLevel.Warning, "The settings have changed and are refused; the server goes on as it was. {Problem}")]
    public static partial void Refused(ILogger logger, string problem);

    [LoggerMessage(
        327, LogLevel.Warning,
        "The settings of {File} cannot be had any more ({Problem}); the server goes on as it was. Mend or restore it, or restart to do without.")]
    public static partial void FileLost(ILogger logger, LogText file, string problem);

    [LoggerMessage(328, LogLevel.Error, "The settings have changed, and applying them failed.")]
    public static partial void Fault(ILogger logger, Exception exception);
}
