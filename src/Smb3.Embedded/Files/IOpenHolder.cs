namespace Smb3.Embedded.Files;

/// <summary>Whom an open belongs to.</summary>
internal interface IOpenHolder
{
    /// <summary>
    /// Whether it has gone, so that the open is about to be closed: who finds it in the way waits a moment for that. Called with the
    /// file's lock held; must neither block nor throw.
    /// </summary>
    bool IsLeaving { get; }
}
