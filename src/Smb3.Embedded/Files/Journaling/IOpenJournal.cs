using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>
/// Keeps the part of an open that must outlive the process, for the opens that may. A change is noted when it is made, and the answer to
/// the request waits for <see cref="CommitAsync"/> first: changes of many requests are committed together.
/// </summary>
internal interface IOpenJournal
{
    /// <summary>
    /// An open has changed, is new, or has ended. Its state is taken by <see cref="IJournaledOpen.Capture"/> only at the commit, so that an
    /// older state never follows a newer one. Called with locks held: must neither block nor throw, nor capture.
    /// </summary>
    void Note(IJournaledOpen open);

    /// <summary>Whether <see cref="ReadAsync"/> has been called.</summary>
    bool IsOpen { get; }

    /// <summary>The opens that an earlier process has left. Asked for once, before anything is noted.</summary>
    ValueTask<IReadOnlyList<OpenRecord>> ReadAsync(CancellationToken cancellationToken);

    /// <summary>An open that was left does not come back: its record is removed with the next commit.</summary>
    void Forget(ulong persistentId);

    /// <summary>
    /// Completes when everything noted before is safe; at once if nothing is on its way. Otherwise INSUFFICIENT_RESOURCES, when it could not
    /// be kept so far, or NETWORK_NAME_DELETED, when the opens are another server's now: the answer that depends on it is then no success.
    /// </summary>
    ValueTask<NtStatus> CommitAsync();

    /// <summary>
    /// Nothing more is kept: the server stops, or the volume is let go. What is kept stays for the next one. Completes when everything noted
    /// before is safe, or could not be made so; what is noted after that changes nothing, nothing is tried again, and nothing is answered as
    /// safe any more.
    /// </summary>
    ValueTask<NtStatus> EndAsync();

    /// <summary>Whether it has ended: what it keeps goes on in the next process.</summary>
    bool HasEnded { get; }
}

/// <summary>An open as its journal sees it.</summary>
internal interface IJournaledOpen
{
    /// <summary>The id by which it is known, here and in another process.</summary>
    ulong PersistentId { get; }

    /// <summary>Its file, whose opens are captured together; <see langword="null"/> if it has nothing in common with others.</summary>
    IJournaledFile? JournaledFile => null;

    /// <summary>Its current state; <see langword="null"/> if it has ended. Called without any lock held but those of its file.</summary>
    OpenRecord? Capture();
}
