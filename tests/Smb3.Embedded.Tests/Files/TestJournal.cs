using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A journal in memory: what was committed is what a new process would find.</summary>
internal sealed class TestJournal : IOpenJournal
{
    private readonly Lock _sync = new();
    private readonly HashSet<IJournaledOpen> _changed = [];
    private readonly Dictionary<ulong, OpenRecord> _records = [];

    /// <summary>Commits wait for it; <see langword="null"/>: they complete at once.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>How many commits were waited for.</summary>
    public int Commits { get; private set; }

    public IReadOnlyList<OpenRecord> Records
    {
        get
        {
            lock (_sync)
            {
                return [.. _records.Values];
            }
        }
    }

    /// <summary>What a new process finds after this one has died now.</summary>
    public TestJournal Survivor()
    {
        var survivor = new TestJournal();
        foreach (var record in Records)
        {
            survivor._records.Add(record.Durable.PersistentId, record);
        }

        return survivor;
    }

    public bool IsOpen { get; private set; }

    public ValueTask<IReadOnlyList<OpenRecord>> ReadAsync(CancellationToken cancellationToken)
    {
        IsOpen = true;
        return new(Records);
    }

    public void Forget(ulong persistentId)
    {
        lock (_sync)
        {
            _records.Remove(persistentId);
        }
    }

    public void Note(IJournaledOpen open)
    {
        lock (_sync)
        {
            _changed.Add(open);
        }
    }

    public ValueTask<NtStatus> EndAsync() => CommitAsync();

    public async ValueTask<NtStatus> CommitAsync()
    {
        IJournaledOpen[] changed;
        lock (_sync)
        {
            if (_changed.Count == 0)
            {
                return NtStatus.Success;
            }

            Commits++;
            changed = [.. _changed];
            _changed.Clear();
        }

        if (Hold is { } hold)
        {
            await hold.Task;
        }

        foreach (var open in changed)
        {
            var record = open.Capture();
            lock (_sync)
            {
                if (record is null)
                {
                    _records.Remove(open.PersistentId);
                }
                else
                {
                    _records[open.PersistentId] = record;
                }
            }
        }

        return NtStatus.Success;
    }
}
