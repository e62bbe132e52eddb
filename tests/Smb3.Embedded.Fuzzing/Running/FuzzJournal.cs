using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Fuzzing.Running;

/// <summary>Keeps nothing but the count of what it would keep, and says so at once: a round ends with none.</summary>
internal sealed class FuzzJournal : IOpenJournal
{
    private readonly Lock _sync = new();
    private readonly HashSet<IJournaledOpen> _changed = [];
    private readonly HashSet<ulong> _kept = [];

    public bool IsOpen => true;

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
        IJournaledOpen[] changed;
        lock (_sync)
        {
            changed = [.. _changed];
            _changed.Clear();
        }

        foreach (var open in changed)
        {
            var record = open.Capture();
            lock (_sync)
            {
                _ = record is null ? _kept.Remove(open.PersistentId) : _kept.Add(open.PersistentId);
            }
        }

        return new(NtStatus.Success);
    }

    public ValueTask<NtStatus> EndAsync() => CommitAsync();
}
