namespace Smb3.Embedded.Storage.Physical.Linux.Watching;

/// <summary>An inode that is watched. Called on the thread of the <see cref="NotifyQueue"/>; must neither wait nor throw.</summary>
internal interface IWatched
{
    /// <summary>Something happened.</summary>
    /// <param name="happened">What.</param>
    /// <param name="round">Remembers who wants to hear that the queue is empty for now.</param>
    void Hear(in WatchEvent happened, WatchRound round);

    /// <summary>The kernel dropped events.</summary>
    void Lose();
}

/// <summary>Who has heard of something and goes on when the queue is empty for now.</summary>
internal interface IRoundListener
{
    /// <summary>The queue has been read to its end after what was heard.</summary>
    /// <returns>Whether it wants to be called again after the next time.</returns>
    bool EndRound();
}
