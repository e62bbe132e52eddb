namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>Watches an inode. Called on the thread of the <see cref="NotifyQueue"/>; must neither wait nor throw.</summary>
internal interface IWatched
{
    /// <summary>Handles an event.</summary>
    /// <param name="happened">The event.</param>
    /// <param name="round">Takes listeners to be told when the queue is empty for now.</param>
    void Hear(in WatchEvent happened, WatchRound round);

    /// <summary>Called when the kernel has dropped events.</summary>
    void Lose();
}

/// <summary>A listener that has received an event and continues when the queue is empty for now.</summary>
internal interface IRoundListener
{
    /// <summary>Called when the queue has been read to its end after the event.</summary>
    /// <returns>Whether to call it again at the end of the next round.</returns>
    bool EndRound();
}
