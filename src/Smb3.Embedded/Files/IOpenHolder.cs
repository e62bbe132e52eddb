namespace Smb3.Embedded.Files;

/// <summary>The holder of an open.</summary>
internal interface IOpenHolder
{
    /// <summary>
    /// Whether it has gone, so that the open is about to be closed: a request that finds the open in the way waits a moment for that.
    /// Called with the file's lock held; must neither block nor throw.
    /// </summary>
    bool IsLeaving { get; }

    /// <summary>
    /// Whether it has lost its client and keeps the open for it, whatever other opens need. Called with the file's lock held; must neither
    /// block nor throw.
    /// </summary>
    bool IsAwaited { get; }
}
