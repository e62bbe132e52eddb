using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Smb3.Embedded.Transport.Linux;

/// <summary>
/// Sockets and other descriptors that become ready are served on the very thread that was told of it: between the arrival of a request
/// and its response there is no queue, no second thread and no wake-up, which otherwise make up most of the cost of a small request.
/// </summary>
/// <remarks>
/// The work may block all the same, so one thread always keeps waiting: the last one to wait takes no work without starting another, and
/// where there are enough of them leaves the work to the thread pool. Threads start as they are needed. The queue ends when it is disposed
/// and its last line is gone.
/// </remarks>
internal sealed unsafe class ReadinessQueue : IDisposable
{
    private const int DescriptionSize = 16;
    private const long EndKey = 0;

    private static readonly int MaxThreads = Math.Clamp(Environment.ProcessorCount * 2, 4, 32) + 1;

    private readonly ConcurrentDictionary<long, IReadyLine> _lines = new();
    private readonly EpollHandle _queue;
    private readonly EpollHandle _end;
    private long _lastKey = EndKey;
    private int _waiting;
    private int _threads;
    private volatile bool _disposed;
    private int _ended;

    public ReadinessQueue()
    {
        _queue = EpollCalls.CreateQueue(EpollCalls.CloseOnExec);
        _end = EpollCalls.CreateEvent(0, EpollCalls.CloseOnExec);
        if (_queue.IsInvalid || _end.IsInvalid)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }

        StartThread();
    }

    /// <summary>Adds a line; it is told nothing until it has asked.</summary>
    public long Add(IReadyLine line, SafeHandle descriptor)
    {
        var key = Interlocked.Increment(ref _lastKey);
        _lines[key] = line;
        try
        {
            Control(EpollCalls.Add, descriptor, key, EpollCalls.OneShot);
        }
        catch
        {
            Remove(key);
            throw;
        }

        return key;
    }

    /// <summary>Asks to be told once, of whatever comes first.</summary>
    public void Ask(SafeHandle descriptor, long key, Readiness wanted) =>
        Control(EpollCalls.Modify, descriptor, key, (uint)wanted | EpollCalls.OneShot);

    public void Remove(long key)
    {
        _lines.TryRemove(key, out _);
        EndWhenUnused();
    }

    public void Dispose()
    {
        _disposed = true;
        EndWhenUnused();
    }

    private void EndWhenUnused()
    {
        if (_disposed && _lines.IsEmpty && Interlocked.Exchange(ref _ended, 1) == 0)
        {
            // The counter of the eventfd is never full, so it is always ready to send, and tells every thread in turn.
            Control(EpollCalls.Add, _end, EndKey, (uint)Readiness.Send);
        }
    }

    private void Control(int operation, SafeHandle target, long key, uint events)
    {
        var description = stackalloc byte[DescriptionSize];
        new Span<byte>(description, DescriptionSize).Clear();
        MemoryMarshal.Write(new Span<byte>(description, DescriptionSize), events);
        MemoryMarshal.Write(new Span<byte>(description, DescriptionSize)[EpollCalls.KeyOffset..], key);
        if (EpollCalls.Control(_queue, operation, target, description) != 0)
        {
            throw new SocketException(Marshal.GetLastPInvokeError());
        }
    }

    private void StartThread()
    {
        Interlocked.Increment(ref _threads);
        new Thread(Serve) { IsBackground = true, Name = "SMB sockets" }.UnsafeStart();
    }

    private void Serve()
    {
        while (true)
        {
            Interlocked.Increment(ref _waiting);
            var told = WaitForOne(out var key, out var ready);
            var last = Interlocked.Decrement(ref _waiting) == 0;
            if (told && key == EndKey)
            {
                break;
            }

            if (told)
            {
                ServeOne(key, ready, last);
            }
        }

        if (Interlocked.Decrement(ref _threads) == 0)
        {
            _queue.Dispose();
            _end.Dispose();
        }
    }

    // A method of its own, so that a waiting thread has no line in a local variable, which would keep an ended connection alive.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ServeOne(long key, Readiness ready, bool last)
    {
        if (!_lines.TryGetValue(key, out var line))
        {
            return;
        }

        if (!last)
        {
            line.Serve(ready);
        }
        else if (Volatile.Read(ref _threads) < MaxThreads)
        {
            StartThread();
            line.Serve(ready);
        }
        else
        {
            line.ServeLater(ready);
        }
    }

    private bool WaitForOne(out long key, out Readiness ready)
    {
        // One at a time: the event is served on this thread, and others taken with it would have to wait.
        var description = stackalloc byte[DescriptionSize];
        var count = EpollCalls.Wait(_queue, description, 1, -1);
        key = MemoryMarshal.Read<long>(new ReadOnlySpan<byte>(description, DescriptionSize)[EpollCalls.KeyOffset..]);
        ready = (Readiness)MemoryMarshal.Read<uint>(new ReadOnlySpan<byte>(description, DescriptionSize));
        return count == 1;
    }
}
