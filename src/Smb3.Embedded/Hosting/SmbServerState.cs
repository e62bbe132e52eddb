namespace Smb3.Embedded;

/// <summary>Where a server stands.</summary>
public enum SmbServerState
{
    /// <summary>It does not run, and can be started.</summary>
    Stopped,

    /// <summary>It opens its shares and its end points.</summary>
    Starting,

    /// <summary>It accepts connections.</summary>
    Running,

    /// <summary>It accepts nothing new and finishes what runs.</summary>
    Stopping,
}
