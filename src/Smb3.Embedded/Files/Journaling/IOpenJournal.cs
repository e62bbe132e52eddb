namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// Keeps what must outlive the process of the opens that may. A change is noted when it is made, and whoever answers for it waits for
/// <see cref="CommitAsync"/> first: changes of many requests are committed together.
/// </summary>
internal interface IOpenJournal
{
    /// <summary>
    /// An open has changed, or is there now, or has ended. What it is by then <see cref="IJournaledOpen.Capture"/> says, which is asked for
    /// by the commit, so that an older state never follows a newer one. Called with locks held: must neither block nor throw, nor capture.
    /// </summary>
    void Note(IJournaledOpen open);

    /// <summary>What a process before this one has left. Asked once, before anything is noted.</summary>
    ValueTask<IReadOnlyList<OpenRecord>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>An open that was left does not come back: its record goes with the next commit.</summary>
    void Forget(ulong persistentId);

    /// <summary>Completes when everything that was noted before is safe.</summary>
    ValueTask CommitAsync();
}

/// <summary>An open as its journal sees it.</summary>
internal interface IJournaledOpen
{
    /// <summary>By what it is known, here and in another process.</summary>
    ulong PersistentId { get; }

    /// <summary>What it is now; <see langword="null"/>: it has ended. Called without any lock held.</summary>
    OpenRecord? Capture();
}
