using Microsoft.Extensions.Logging;

namespace Smb3.Embedded.Diagnostics;

/// <summary>What a node of a cluster writes to the log.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(250, LogLevel.Information, "Joined the cluster as '{Node}', incarnation {Incarnation}.")]
    public static partial void Joined(ILogger logger, LogText node, long incarnation);

    [LoggerMessage(251, LogLevel.Error, "'{Node}' cannot join the cluster; it is tried again until it can.")]
    public static partial void NotJoined(ILogger logger, Exception exception, LogText node);

    [LoggerMessage(252, LogLevel.Warning, "The lease in the cluster could not be renewed; it is tried again, and runs out in {Remaining}.")]
    public static partial void NotRenewed(ILogger logger, Exception exception, TimeSpan remaining);

    [LoggerMessage(253, LogLevel.Error, "The lease in the cluster is lost. The {Count} shares that this node had are served by others from now on.")]
    public static partial void Lost(ILogger logger, int count);

    [LoggerMessage(254, LogLevel.Warning, "The cluster cannot be read; it is tried again.")]
    public static partial void NotRead(ILogger logger, Exception exception);

    [LoggerMessage(255, LogLevel.Information, "Share {Share} is served here from now on, epoch {Epoch}; it took {Took}.")]
    public static partial void Taken(ILogger logger, LogText share, long epoch, TimeSpan took);

    [LoggerMessage(256, LogLevel.Error, "Share {Share} is this node's, but cannot be opened. It was given back; other nodes try.")]
    public static partial void NotOpened(ILogger logger, Exception exception, LogText share);

    [LoggerMessage(257, LogLevel.Information, "Share {Share} was given to {Successor}; it took {Took}.")]
    public static partial void GivenUp(ILogger logger, LogText share, LogText successor, TimeSpan took);

    [LoggerMessage(258, LogLevel.Error, "Share {Share} could not be given up and stays here.")]
    public static partial void NotGivenUp(ILogger logger, Exception exception, LogText share);

    [LoggerMessage(259, LogLevel.Error, "Share {Share} was taken over by another node.")]
    public static partial void TakenOver(ILogger logger, LogText share);

    [LoggerMessage(261, LogLevel.Warning, "'{Node}' could not leave the cluster; what it had is free when its lease has run out.")]
    public static partial void NotLeft(ILogger logger, Exception exception, LogText node);

    [LoggerMessage(262, LogLevel.Information, "Share {Share} is to go to '{Node}', which carries less than this node.")]
    public static partial void Balanced(ILogger logger, LogText share, LogText node);

    [LoggerMessage(267, LogLevel.Information, "Share {Share} was split at {Folder}: {Part} is to go to '{Node}', which carries less than this node.")]
    public static partial void Split(ILogger logger, LogText share, LogText folder, LogText part, LogText node);

    [LoggerMessage(268, LogLevel.Information, "Share {Share} was joined at {Folder}, where nobody had used it for long.")]
    public static partial void PartJoined(ILogger logger, LogText share, LogText folder);

    [LoggerMessage(269, LogLevel.Warning, "Share {Share} could not be split or joined at {Folder}, to have nodes carry the same.")]
    public static partial void NotChanged(ILogger logger, Exception exception, LogText share, LogText folder);

    [LoggerMessage(264, LogLevel.Error, "The parts of shares could not be made known or forgotten; it is tried again.")]
    public static partial void PartsNotShown(ILogger logger, Exception exception);

    [LoggerMessage(265, LogLevel.Information, "All connections were refused for {Time}, to have clients look for shares at other nodes.")]
    public static partial void Refused(ILogger logger, TimeSpan time);

    [LoggerMessage(266, LogLevel.Error, "{Count} end points are not listened on, because another program took the port meanwhile; it is tried again.")]
    public static partial void NotListening(ILogger logger, int count);

    [LoggerMessage(260, LogLevel.Error, "Share {Share}: what this node had of it could not be closed.")]
    public static partial void NotClosed(ILogger logger, Exception exception, LogText share);
}
