using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Storage.Physical.Linux.Kernel;

namespace Smb3.Embedded.Storage.Physical.Linux.Data;

/// <summary>A read that waits for the disk on the thread pool. Instances are reused, so a read allocates nothing.</summary>
internal sealed class BlockingRead : IThreadPoolWorkItem, IValueTaskSource<NtResult<int>>
{
    private const int MostKept = 256;

    private readonly ConcurrentQueue<BlockingRead> _idle;
    private ManualResetValueTaskSourceCore<NtResult<int>> _core = new() { RunContinuationsAsynchronously = false };
    private FileDescriptor? _file;
    private Memory<byte> _buffer;
    private long _offset;
    private int _done;

    private BlockingRead(ConcurrentQueue<BlockingRead> idle) => _idle = idle;

    /// <summary>Continues a read of which <paramref name="done"/> bytes have already been read.</summary>
    public static ValueTask<NtResult<int>> Start(
        ConcurrentQueue<BlockingRead> idle, FileDescriptor file, long offset, Memory<byte> buffer, int done)
    {
        if (!idle.TryDequeue(out var read))
        {
            read = new BlockingRead(idle);
        }

        read._file = file;
        read._offset = offset;
        read._buffer = buffer;
        read._done = done;
        var task = new ValueTask<NtResult<int>>(read, read._core.Version);
        ThreadPool.UnsafeQueueUserWorkItem(read, preferLocal: false);
        return task;
    }

    /// <summary>The same on the calling thread.</summary>
    public static NtResult<int> Finish(FileDescriptor file, long offset, Span<byte> buffer, int done)
    {
        var error = DataCalls.Read(file, offset, buffer, flags: 0, ref done);
        return error == 0 ? done : error.ToStatus();
    }

    /// <inheritdoc/>
    public void Execute()
    {
        try
        {
            _core.SetResult(Finish(_file!, _offset, _buffer.Span, _done));
        }
        catch (Exception failure)
        {
            _core.SetException(failure);
        }
    }

    /// <inheritdoc/>
    public NtResult<int> GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _core.Reset();
            _file = null;
            _buffer = default;
            if (_idle.Count < MostKept)
            {
                _idle.Enqueue(this);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
