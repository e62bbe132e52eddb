using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;
using Smb3.Embedded.Transport.Linux;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>One end of a connection through a device.</summary>
/// <remarks>
/// What completes is taken on the thread of the <see cref="ReadinessQueue"/> that was told of it, and what was received goes on there. A
/// buffer that is posted belongs to the device until it completes or the queue pair is destroyed, whichever comes first, and to nobody else.
/// </remarks>
internal sealed class VerbsQueuePair : IQueuePair, IReadyLine, IThreadPoolWorkItem
{
    private const ulong ReceiveMark = 1ul << 32;

    /// <summary>How long posted SENDs may take to leave when the connection is ended.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(1);

    /// <summary>How long the device may take to give everything back after that; when it does not, destroying its queues makes it.</summary>
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _serving = new(); // around whatever touches the completion queue; taken before the other
    private readonly Lock _sync = new(); // around what is posted, and the life of the connection
    private readonly CmId _id;
    private readonly INativeQueuePair _native;
    private readonly RegisteredMemory _memory;
    private readonly IQueuePairHost _host;
    private readonly SafeFileHandle _descriptor;
    private readonly long _key;
    private readonly VerbsBuffer?[] _receives;
    private readonly Stack<int> _freeReceives;
    private readonly PostedWork[] _works;
    private readonly Stack<PostedWork> _freeWorks;
    private readonly SemaphoreSlim _room;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<ReceivedSend> _received = Channel.CreateUnbounded<ReceivedSend>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = true });

    private Life _life;
    private int _outstanding;
    private int _sends;
    private ITimer? _timer;
    private bool _freed;
    private int _disposing;

    /// <param name="id">What the connection manager calls the connection.</param>
    /// <param name="local">Our end of it.</param>
    /// <param name="remote">The peer's end of it.</param>
    /// <param name="native">Its queues.</param>
    /// <param name="memory">The memory in whose domain they are; released at the end.</param>
    /// <param name="host">What it shares with others; released at the end.</param>
    public VerbsQueuePair(CmId id, EndPoint local, EndPoint remote, INativeQueuePair native, RegisteredMemory memory, IQueuePairHost host)
    {
        LocalEndPoint = local;
        RemoteEndPoint = remote;
        _id = id;
        _native = native;
        _memory = memory;
        _host = host;
        _receives = new VerbsBuffer?[host.Sizes.Receives];
        _freeReceives = new Stack<int>(Enumerable.Range(0, _receives.Length));
        _works = [.. Enumerable.Range(0, host.Sizes.Sends).Select(index => new PostedWork(memory.Domain, index))];
        _freeWorks = new Stack<PostedWork>(_works);
        _room = new SemaphoreSlim(_works.Length);
        _descriptor = new SafeFileHandle(native.Descriptor, ownsHandle: false);
        _key = host.Queue.Add(this, _descriptor);
        host.Queue.Ask(_descriptor, _key, Readiness.Receive);
    }

    /// <summary>What a connection goes through, in this order.</summary>
    private enum Life
    {
        Open,

        /// <summary>Nothing more is posted; SENDs are still leaving.</summary>
        Lingering,

        /// <summary>The device has been told, and gives back what was posted.</summary>
        Ended,
    }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    public RegisteredBuffer Rent(int size)
    {
        if (_memory.TryRent(size, out var error) is { } buffer)
        {
            return buffer;
        }

        Refuse(size, error);
        return new UnregisteredBuffer(size);
    }

    public bool TryPostReceive(RegisteredBuffer buffer)
    {
        bool isOpen;
        lock (_sync)
        {
            isOpen = _life == Life.Open;
            if (isOpen && buffer is VerbsBuffer registered && _freeReceives.TryPop(out var index))
            {
                _receives[index] = registered;
                if (_native.TryPostReceive(ReceiveMark | (uint)index, registered))
                {
                    _outstanding++;
                    return true;
                }

                _receives[index] = null;
                _freeReceives.Push(index);
            }
        }

        buffer.Dispose();
        if (isOpen)
        {
            End(lingers: false);
        }

        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedSend?> ReceiveAsync()
    {
        ReceivedSend received;
        while (!_received.Reader.TryRead(out received))
        {
            if (!await _received.Reader.WaitToReadAsync().ConfigureAwait(false))
            {
                return null;
            }
        }

        return received;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync(RegisteredBuffer buffer, int length, uint? invalidate)
    {
        await _room.WaitAsync().ConfigureAwait(false);
        if (TryPostSend(buffer, length, invalidate, out var isBroken))
        {
            return true;
        }

        _room.Release();
        if (isBroken)
        {
            End(lingers: false);
        }

        return false;
    }

    public ValueTask<bool> WriteAsync(RegisteredBuffer source, int start, RemoteBuffer target) =>
        MoveAsync(WorkKind.Write, source, start, target);

    public ValueTask<bool> ReadAsync(RegisteredBuffer destination, int start, RemoteBuffer source) =>
        MoveAsync(WorkKind.Read, destination, start, source);

    public void Disconnect()
    {
        End(lingers: true);

        // Nobody wants what still arrives. On another thread, because the reader goes on there, and the caller may hold what it wants.
        ThreadPool.UnsafeQueueUserWorkItem(static channel => channel.Writer.TryComplete(), _received, preferLocal: false);
    }

    public async ValueTask DisposeAsync()
    {
        Disconnect();
        if (Interlocked.Exchange(ref _disposing, 1) != 0)
        {
            await _gone.Task.ConfigureAwait(false);
            return;
        }

        // Never on the thread that takes completions: what it uses is freed below.
        await _drained.Task.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _host.Remove(_id);
        lock (_serving)
        {
            _freed = true;
            _host.Queue.Remove(_key);
            _native.FreeQueues();
        }

        GiveBack();
        _memory.Release();
        _native.FreeConnection();
        _host.Dispose();
        _gone.TrySetResult();
    }

    /// <summary>The peer has ended the connection, or it has broken; what has arrived before can still be received.</summary>
    public void PeerLeft() => End(lingers: false);

    public void Serve(Readiness ready)
    {
        lock (_serving)
        {
            if (_freed)
            {
                return;
            }

            _native.TakeEvents();
            var works = Drain();
            _native.Arm();
            works = works && Drain();
            if (works && !IsDrained())
            {
                _host.Queue.Ask(_descriptor, _key, Readiness.Receive);
                return;
            }
        }

        Drained();
    }

    public void ServeLater(Readiness ready) => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => Serve(Readiness.Receive);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> MoveAsync(WorkKind kind, RegisteredBuffer buffer, int start, RemoteBuffer remote)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + (long)remote.Length, buffer.Memory.Length, nameof(remote));
        await _room.WaitAsync().ConfigureAwait(false);
        var isDone = false;
        if (TryPostMove(kind, buffer as VerbsBuffer, start, remote) is { } work)
        {
            isDone = await work.WaitAsync().ConfigureAwait(false);
            lock (_sync)
            {
                _freeWorks.Push(work);
            }
        }

        _room.Release();
        return isDone;
    }

    private bool TryPostSend(RegisteredBuffer buffer, int length, uint? invalidate, out bool isBroken)
    {
        isBroken = false;
        lock (_sync)
        {
            if (_life == Life.Open && buffer is VerbsBuffer registered)
            {
                var work = _freeWorks.Pop();
                if (_native.TryPostSend((uint)work.Index, registered, length, invalidate))
                {
                    // Whoever takes the completion has to wait for this lock.
                    work.BeginSend(buffer);
                    _outstanding++;
                    _sends++;
                    return true;
                }

                _freeWorks.Push(work);
                isBroken = true;
            }
        }

        buffer.Dispose();
        return false;
    }

    private PostedWork? TryPostMove(WorkKind kind, VerbsBuffer? buffer, int start, RemoteBuffer remote)
    {
        if (buffer is null)
        {
            return null;
        }

        var (sink, key) = ((nint)0, buffer.Region.Key);
        if (kind == WorkKind.Read && _native.NeedsSinks)
        {
            // Over iWARP the peer writes what is read from it, and only here and now may it do so.
            sink = _memory.Domain.Register(buffer.Address + (uint)start, (int)remote.Length, isOpenToPeer: true, out var error);
            if (sink == 0)
            {
                Refuse((int)remote.Length, error);
                return null;
            }

            key = _memory.Domain.KeyOf(sink);
        }

        var isBroken = false;
        lock (_sync)
        {
            if (_life == Life.Open)
            {
                var work = _freeWorks.Pop();
                if (_native.TryPostMove((uint)work.Index, kind, buffer.Address + (uint)start, key, remote))
                {
                    // Whoever takes the completion has to wait for this lock.
                    work.BeginMove(sink);
                    _outstanding++;
                    return work;
                }

                _freeWorks.Push(work);
                isBroken = true;
            }
        }

        if (sink != 0)
        {
            _memory.Domain.Deregister(sink);
        }

        if (isBroken)
        {
            End(lingers: false);
        }

        return null;
    }

    /// <summary>Takes what has completed until there is no more.</summary>
    /// <returns>False when the device has failed.</returns>
    private bool Drain()
    {
        Span<WorkCompletion> completions = stackalloc WorkCompletion[16];
        int count;
        while ((count = _native.Poll(completions)) > 0)
        {
            foreach (ref readonly var completion in completions[..count])
            {
                Complete(in completion);
            }
        }

        if (count < 0)
        {
            End(lingers: false);
        }

        return count == 0;
    }

    private void Complete(ref readonly WorkCompletion completion)
    {
        var isDone = completion.Status == 0;
        var index = (int)(uint)completion.Id;
        if ((completion.Id & ReceiveMark) != 0)
        {
            CompleteReceive(index, isDone, (int)completion.Length);
        }
        else
        {
            CompleteWork(_works[index], isDone);
        }

        if (!isDone)
        {
            End(lingers: false);
        }
    }

    private void CompleteReceive(int index, bool isDone, int length)
    {
        VerbsBuffer buffer;
        lock (_sync)
        {
            buffer = _receives[index]!;
            _receives[index] = null;
            _freeReceives.Push(index);
            _outstanding--;
        }

        if (!isDone || !_received.Writer.TryWrite(new ReceivedSend(buffer, length)))
        {
            buffer.Dispose();
        }
    }

    private void CompleteWork(PostedWork work, bool isDone)
    {
        var isLast = false;
        lock (_sync)
        {
            _outstanding--;
            if (!work.Complete(isDone))
            {
                return;
            }

            _freeWorks.Push(work);
            isLast = --_sends == 0 && _life == Life.Lingering;
        }

        _room.Release();
        if (isLast)
        {
            End(lingers: false);
        }
    }

    /// <summary>Whether the device has given back everything, and gets no more.</summary>
    private bool IsDrained()
    {
        lock (_sync)
        {
            return _life == Life.Ended && _outstanding == 0;
        }
    }

    private void Drained()
    {
        _received.Writer.TryComplete();
        _drained.TrySetResult();
    }

    private void Refuse(int size, int error)
    {
        _host.Refused(RdmaException.Refused($"{size} bytes cannot be registered", error), RemoteEndPoint);
        End(lingers: false);
    }

    private void End(bool lingers)
    {
        lock (_sync)
        {
            var next = lingers && _sends > 0 ? Life.Lingering : Life.Ended;
            if (_life >= next)
            {
                return;
            }

            _life = next;
            _timer?.Dispose();
            if (next == Life.Lingering)
            {
                _timer = _host.Time.CreateTimer(
                    static self => ((VerbsQueuePair)self!).End(lingers: false), this, Linger, Timeout.InfiniteTimeSpan);
                return;
            }

            _native.Disconnect();

            // The device tells of what it gives back. When it has nothing, or has failed, nobody else says that it is over.
            _timer = _host.Time.CreateTimer(
                static self => ((VerbsQueuePair)self!).Drained(),
                this,
                _outstanding == 0 ? TimeSpan.Zero : FlushTimeout,
                Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>What a device that has failed did not give back; it can no longer touch it, and nobody serves completions any more.</summary>
    private void GiveBack()
    {
        _timer?.Dispose();
        _descriptor.Dispose();
        foreach (var buffer in _receives)
        {
            buffer?.Dispose();
        }

        foreach (var work in _works.Where(work => work.IsPosted))
        {
            if (work.Complete(isDone: false))
            {
                _room.Release();
            }
        }

        while (_received.Reader.TryRead(out var received))
        {
            received.Buffer.Dispose();
        }
    }
}
