using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Keeps nothing but the count of what it would keep, and says so at once: a round ends with none.</summary>
internal sealed class FuzzJournal : IOpenJournal
{
    private readonly Lock _sync = new();
    private readonly Lock _committing = new();
    private readonly HashSet<IJournaledOpen> _changed = [];
    private readonly HashSet<ulong> _kept = [];

    public bool IsOpen => true;

    public bool HasEnded => false;

    public int Count
    {
        get
        {
            lock (_sync)
            {
                return _kept.Count;
            }
        }
    }

    public void Note(IJournaledOpen open)
    {
        lock (_sync)
        {
            _changed.Add(open);
        }
    }

    public ValueTask<IReadOnlyList<OpenRecord>> ReadAsync(CancellationToken cancellationToken) => new([]);

    public void Forget(ulong persistentId)
    {
    }

    public ValueTask<NtStatus> CommitAsync()
    {
        // One at a time, as in the server: what an open was must not be kept over what another commit saw of it later.
        lock (_committing)
        {
            IJournaledOpen[] changed;
            lock (_sync)
            {
                changed = [.. _changed];
                _changed.Clear();
            }

            foreach (var open in changed)
            {
                Keep(open.PersistentId, open.Capture());
            }
        }

        return new(NtStatus.Success);
    }

    public ValueTask<NtStatus> EndAsync() => CommitAsync();

    private void Keep(ulong id, OpenRecord? record)
    {
        lock (_sync)
        {
            _ = record is null ? _kept.Remove(id) : _kept.Add(id);
        }
    }
}
