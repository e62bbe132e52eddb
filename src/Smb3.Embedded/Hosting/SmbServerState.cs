namespace Smb3.Embedded;

/// <summary>The state of a server.</summary>
public enum SmbServerState
{
    /// <summary>It is not running, and can be started.</summary>
    Stopped,

    /// <summary>It is opening its shares and its end points.</summary>
    Starting,

    /// <summary>It accepts connections.</summary>
    Running,

    /// <summary>It accepts nothing new and finishes the running requests.</summary>
    Stopping,
}
