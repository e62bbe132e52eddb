using Microsoft.Data.Sqlite;
using Smb3.Embedded.State;

namespace Smb3.Embedded.Sqlite;

/// <summary>
/// Keeps state in a SQLite file on a local disk. The file is opened with the first use, and made with mode 0600 when it does not exist. Several
/// stores, in one process or more, may use one file: each scope belongs to whoever acquired it last.
/// </summary>
/// <remarks>
/// A batch is on the disk when its commit completes (write-ahead log, <c>synchronous=FULL</c>). Batches that come while others are being written
/// share the next transaction, and with it the flush of the disk. A file that cannot be used is a <see cref="SqliteStateException"/>; the next
/// call tries again.
/// </remarks>
public sealed class SqliteStateStore : IStateStore, IDisposable
{
    private static readonly TimeSpan LongestLockTimeout = TimeSpan.FromMinutes(10);

    private readonly Lazy<StatePlace> _place; // the time-out is set after the constructor has run
    private readonly Lazy<StateWriter> _writer;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _reads = [];
    private bool _disposed;

    /// <summary>Makes a store on a file.</summary>
    /// <param name="file">The file. Its folder must exist.</param>
    public SqliteStateStore(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        Path = System.IO.Path.GetFullPath(file);
        _place = new(() => new StatePlace(Path, LockTimeout));
        _writer = new(() => new StateWriter(_place.Value, MaxBatchesPerTransaction));
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>How long another program may keep the file locked before a call fails. 1 ms to 10 minutes. Default 10 seconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is outside of that.</exception>
    public TimeSpan LockTimeout
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, LongestLockTimeout);
            field = value;
        }
    } = TimeSpan.FromSeconds(10);

    /// <summary>Benchmarks compare with one transaction for each batch.</summary>
    internal int MaxBatchesPerTransaction { get; init; } = StateWriter.MaxWorks;

    internal long Transactions => _writer.Value.Transactions;

    /// <inheritdoc/>
    public ValueTask<long> AcquireAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        var work = new AcquireWork(scope);
        return Start(work, cancellationToken) ? new(WaitAsync(work, work.Done, cancellationToken)) : ValueTask.FromCanceled<long>(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CommitAsync(string scope, long token, IReadOnlyList<StateChange> changes, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope, changes);
        var work = new CommitWork(scope, token, changes);
        return !Start(work, cancellationToken) ? ValueTask.FromCanceled(cancellationToken)
            : cancellationToken.CanBeCanceled ? new(WaitAsync(work, work.Done, cancellationToken))
            : new(work.Done);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StateRecord>> ReadAsync(string scope, CancellationToken cancellationToken)
    {
        StateLimits.Check(scope);
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<IReadOnlyList<StateRecord>>(cancellationToken);
        }

        // On a connection and a thread of its own, so that neither commits nor the thread pool wait for it.
        var read = new Task<IReadOnlyList<StateRecord>>(() => Read(scope, cancellationToken), TaskCreationOptions.LongRunning);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _reads.Add(read);
        }

        read.Start(TaskScheduler.Default);
        return new(WaitAsync(read, cancellationToken));
    }

    /// <summary>Waits until everything that was committed is on the disk, and lets go of the file.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] reads;
        lock (_lock)
        {
            _disposed = true;
            reads = [.. _reads];
        }

        await _writer.Value.EndAsync().ConfigureAwait(false);
        await Task.WhenAll(reads).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>The same as <see cref="DisposeAsync"/>, for containers that are disposed so; it blocks.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static async Task<long> WaitAsync(StateWork work, Task<long> done, CancellationToken cancellationToken)
    {
        using (Register(work, cancellationToken))
        {
            return await done.ConfigureAwait(false);
        }
    }

    private static async Task WaitAsync(StateWork work, Task done, CancellationToken cancellationToken)
    {
        using (Register(work, cancellationToken))
        {
            await done.ConfigureAwait(false);
        }
    }

    private static CancellationTokenRegistration Register(StateWork work, CancellationToken cancellationToken) =>
        cancellationToken.UnsafeRegister(static (work, token) => ((StateWork)work!).Cancel(token), work);

    private async Task<IReadOnlyList<StateRecord>> WaitAsync(Task<IReadOnlyList<StateRecord>> read, CancellationToken cancellationToken)
    {
        _ = read.ContinueWith(
            static (read, set) => ((SqliteStateStore)set!).Forget(read),
            this,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return await read.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private void Forget(Task read)
    {
        _ = read.Exception; // whoever waited has it
        lock (_lock)
        {
            _reads.Remove(read);
        }
    }

    private bool Start(StateWork work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return false;
        }

        ObjectDisposedException.ThrowIf(!_writer.Value.TryAdd(work), this);
        return true;
    }

    private List<StateRecord> Read(string scope, CancellationToken cancellationToken)
    {
        try
        {
            using var file = _place.Value.Open();
            return file.Read(scope, cancellationToken);
        }
        catch (SqliteException cause)
        {
            throw StateFileProblems.Explain(Path, cause);
        }
    }
}
