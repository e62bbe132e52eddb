using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Smb3.Embedded.Transport.Linux;
using Smb3.Embedded.Transport.Tcp.Lines;

namespace Smb3.Embedded.Transport.Tcp.Linux;

/// <summary>
/// A socket that is tried first, and waited for only when it has nothing to give or cannot take more; a waiting caller continues on the
/// thread of the <see cref="ReadinessQueue"/>.
/// </summary>
/// <remarks>It ignores cancellation tokens: a connection is ended by <see cref="Abort"/>, which ends every wait.</remarks>
internal sealed class ReadySocketLine : ISocketLine, IReadyLine, IThreadPoolWorkItem
{
    private readonly Lock _gate = new();
    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly ReadinessQueue _queue;
    private readonly long _key;
    private readonly ReadySignal _canReceive = new();
    private readonly ReadySignal _canSend = new();
    private Readiness _wanted;
    private uint _later;
    private bool _drained = true; // used by the receiving side alone, which is waiting whenever Serve clears it
    private bool _closed;

    public ReadySocketLine(Socket socket, ReadinessQueue queue)
    {
        _socket = socket;
        _handle = socket.SafeHandle;
        _queue = queue;
        _key = queue.Add(this, _handle);
    }

    public ValueTask WaitForDataAsync(CancellationToken cancellationToken) =>
        _drained ? WaitAsync(Readiness.Receive, _canReceive) : default;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_drained)
            {
                await WaitAsync(Readiness.Receive, _canReceive).ConfigureAwait(false);
            }

            var count = Receive(buffer.Span);

            // Fewer bytes than there was room for means that there are no more: the next receive waits to be told instead of trying.
            _drained = count < buffer.Length;
            if (count >= 0)
            {
                return count;
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        while (true)
        {
            var count = Send(data.Span);
            if (count >= 0)
            {
                return count;
            }

            await WaitAsync(Readiness.Send, _canSend).ConfigureAwait(false);
        }
    }

    public void Abort()
    {
        Readiness waiting;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            waiting = _wanted;
            _wanted = Readiness.None;
        }

        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Already gone.
        }

        _socket.Dispose();
        _queue.Remove(_key);

        // Waiting callers continue on the thread pool: the caller of this method may hold something that they want.
        Give(waiting, static signal => ThreadPool.UnsafeQueueUserWorkItem(static given => given.Give(), signal, preferLocal: false));
    }

    /// <summary>Resumes whatever waited for this, here and now.</summary>
    public void Serve(Readiness ready)
    {
        lock (_gate)
        {
            ready = (ready & Readiness.Broken) != 0 ? _wanted : ready & _wanted;
            _wanted &= ~ready;
            _drained &= (ready & Readiness.Receive) == 0;
            if (_wanted != Readiness.None)
            {
                _queue.Ask(_handle, _key, _wanted);
            }
        }

        Give(ready, static signal => signal.Give());
    }

    /// <summary>Does the same on the thread pool.</summary>
    public void ServeLater(Readiness ready)
    {
        // A second call before the first is served adds no work.
        if (Interlocked.Or(ref _later, (uint)ready) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    void IThreadPoolWorkItem.Execute() => Serve((Readiness)Interlocked.Exchange(ref _later, 0));

    private void Give(Readiness ready, Action<ReadySignal> give)
    {
        if ((ready & Readiness.Send) != 0)
        {
            give(_canSend);
        }

        if ((ready & Readiness.Receive) != 0)
        {
            give(_canReceive);
        }
    }

    private ValueTask WaitAsync(Readiness wanted, ReadySignal signal)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            var wait = signal.Renew();
            _wanted |= wanted;
            _queue.Ask(_handle, _key, _wanted);
            return wait;
        }
    }

    /// <summary>Bytes received, 0 at the end, or −1 when there is nothing yet.</summary>
    private unsafe int Receive(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            return Outcome(SocketCalls.Receive(_handle, start, buffer.Length, SocketCalls.DoNotWait));
        }
    }

    /// <summary>Bytes sent, or −1 when the socket takes nothing now.</summary>
    private unsafe int Send(ReadOnlySpan<byte> data)
    {
        fixed (byte* start = data)
        {
            return Outcome(SocketCalls.Send(_handle, start, data.Length, SocketCalls.DoNotWait | SocketCalls.NoSignal));
        }
    }

    private static int Outcome(nint count)
    {
        if (count >= 0)
        {
            return (int)count;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is SocketCalls.Again or SocketCalls.Interrupted ? -1 : throw new SocketException(error);
    }
}
