using Smb3.Embedded.Files.Journaling;
using Smb3.Embedded.Nt;

namespace Smb3.Embedded.Tests.Files;

/// <summary>A journal in memory: what was committed is what a new process would find.</summary>
internal sealed class TestJournal : IOpenJournal
{
    private readonly Lock _sync = new();
    private readonly HashSet<IJournaledOpen> _changed = [];
    private readonly Dictionary<ulong, OpenRecord> _records = [];
    private Task<NtStatus> _running = Task.FromResult(NtStatus.Success);

    /// <summary>Commits wait for it; <see langword="null"/>: they complete at once.</summary>
    public TaskCompletionSource? Hold { get; set; }

    /// <summary>What commits come to, instead of being carried out.</summary>
    public NtStatus Failure { get; set; } = NtStatus.Success;

    /// <summary>Told of each open whose state changes, when it has.</summary>
    public Action<IJournaledOpen>? Noted { get; set; }

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

        Noted?.Invoke(open);
    }

    public bool HasEnded { get; private set; }

    public async ValueTask<NtStatus> EndAsync()
    {
        var status = await CommitAsync();
        HasEnded = true;
        return status;
    }

    public async ValueTask<NtStatus> CommitAsync()
    {
        if (Failure != NtStatus.Success)
        {
            Commits++;
            return Failure;
        }

        IJournaledOpen[] changed;
        Task<NtStatus>? running = null;
        var done = new TaskCompletionSource<NtStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_sync)
        {
            changed = [.. _changed];
            if (changed.Length == 0)
            {
                running = _running; // with nothing new, what runs is waited for
            }
            else
            {
                Commits++;
                _changed.Clear();
                _running = done.Task;
            }
        }

        if (running is not null)
        {
            return await running;
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

        done.SetResult(NtStatus.Success);
        return NtStatus.Success;
    }
}
