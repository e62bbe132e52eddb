using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Smb3.Embedded.Sqlite;

/// <summary>
/// The thread that writes a state file. SQLite blocks whoever calls it, until the disk has answered, so it has one of its own. What is
/// asked for while a transaction runs is in the next one, whoever asked: one flush of the disk serves them all.
/// </summary>
internal sealed class StateWriter(StatePlace place, int maxWorks)
{
    /// <summary>Works of one transaction, unless told otherwise: who came first is not to wait for ever longer ones.</summary>
    public const int MaxWorks = 1024;

    /// <summary>Bytes of values from which on a transaction takes no further work: the log holds a whole transaction.</summary>
    private const long MaxBytes = 8 << 20;

    private readonly object _gate = new();
    private readonly Queue<StateWork> _waiting = new(); // no longer than callers wait, or have waited since the disk answered last
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _started;
    private bool _closed;
    private StateFile? _file;
    private bool _isShrunk;
    private long _transactions;

    /// <summary>Transactions that were begun.</summary>
    public long Transactions => Interlocked.Read(ref _transactions);

    /// <summary>Has something done in the next transaction.</summary>
    /// <returns>Whether it will be: not after the end.</returns>
    public bool TryAdd(StateWork work)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            _waiting.Enqueue(work);
            if (!_started)
            {
                new Thread(Run) { Name = "SMB state", IsBackground = true }.Start();
                _started = true;
            }

            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Does what is waiting, closes the file and ends the thread.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            if (!_closed)
            {
                _closed = true;
                Monitor.Pulse(_gate);
                if (!_started)
                {
                    _ended.SetResult();
                }
            }
        }

        return _ended.Task;
    }

    private void Run()
    {
        var works = new List<StateWork>();
        while (Next(works))
        {
            CarryOut(works);
            works.Clear();
        }

        Close();
        _ended.SetResult();
    }

    /// <summary>Waits for work.</summary>
    /// <returns><see langword="false"/>: there will not be any.</returns>
    private bool Next(List<StateWork> works)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_closed)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            for (long size = 0; works.Count < maxWorks && size < MaxBytes && _waiting.TryDequeue(out var work); size += work.Size)
            {
                works.Add(work);
            }

            return true;
        }
    }

    private void CarryOut(List<StateWork> works)
    {
        if (TryCarryOut(works) is not { } cause)
        {
            return;
        }

        // What is too large for the disk, or cannot even be read, is to fail alone.
        if (works.Count > 1 && cause is not SqliteStateException { Problem: not SqliteStateProblem.DiskFull })
        {
            foreach (var work in works)
            {
                if (TryCarryOut([work]) is { } own)
                {
                    work.Fail(own);
                }
            }
        }
        else
        {
            foreach (var work in works)
            {
                work.Fail(cause);
            }
        }
    }

    /// <summary>Carries works out in one transaction.</summary>
    /// <returns>What prevented it.</returns>
    private Exception? TryCarryOut(List<StateWork> works)
    {
        try
        {
            var file = _file ??= place.Open();
            if (!_isShrunk)
            {
                _isShrunk = true;
                file.Shrink();
            }

            Interlocked.Increment(ref _transactions);
            file.Begin();
            var transaction = new Transaction(file);
            foreach (var work in works)
            {
                work.CarryOut(transaction);
            }

            file.Commit();
        }
        catch (Exception cause)
        {
            Recover(cause);
            return cause is SqliteException said ? StateFileProblems.Explain(place.Path, said) : cause;
        }

        foreach (var work in works)
        {
            work.Succeed();
        }

        return null;
    }

    /// <summary>After a lock or a full disk the connection is as good as before; after anything else a new one finds out what is there.</summary>
    private void Recover(Exception cause)
    {
        try
        {
            _file?.Rollback();
            if (cause is SqliteException { SqliteErrorCode: raw.SQLITE_BUSY or raw.SQLITE_FULL })
            {
                return;
            }
        }
        catch (SqliteException)
        {
            // the cause says more
        }

        Close();
    }

    private void Close()
    {
        try
        {
            _file?.Dispose();
        }
        catch (SqliteException)
        {
            // What was committed is on the disk, in the file or in its log.
        }

        _file = null;
    }
}
