using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Files.Journaling;

/// <summary>What one commit of a <see cref="StateJournal"/> keeps, and who waits for it. Guarded by the journal's lock.</summary>
internal sealed class JournalBatch
{
    private TaskCompletionSource<NtStatus>? _waiters;

    /// <summary>The opens that have changed.</summary>
    public HashSet<IJournaledOpen> Opens { get; } = [];

    /// <summary>Keys of records that are removed.</summary>
    public HashSet<string> Forgotten { get; } = [];

    /// <summary>When its first change was noted, or its commit began; 0 before that.</summary>
    public long Since { get; set; }

    /// <summary>Whether it is to be committed although nobody waits for it.</summary>
    public bool IsDue { get; set; }

    /// <summary>Whether there is nothing to commit.</summary>
    public bool IsEmpty => Opens.Count == 0 && Forgotten.Count == 0;

    /// <summary>Whether an answer waits for it.</summary>
    public bool HasWaiters => _waiters is not null;

    /// <summary>Completes when it is committed, or could not be.</summary>
    public Task<NtStatus> WhenDone() =>
        (_waiters ??= new TaskCompletionSource<NtStatus>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Those who wait, to be told without the lock.</summary>
    public TaskCompletionSource<NtStatus>? TakeWaiters()
    {
        var waiters = _waiters;
        _waiters = null;
        return waiters;
    }

    /// <summary>What <paramref name="failed"/> was to keep is still to be kept.</summary>
    public void TakeBack(JournalBatch failed)
    {
        Opens.UnionWith(failed.Opens);
        Forgotten.UnionWith(failed.Forgotten);
        Since = Since == 0 ? failed.Since : Since;
    }
}
