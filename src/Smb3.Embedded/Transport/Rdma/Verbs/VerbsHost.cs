using System.Collections.Concurrent;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Smb3.Embedded.Transport.Linux;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;

namespace Smb3.Embedded.Transport.Rdma.Verbs;

/// <summary>
/// What a listener and its connections share: the channel of the connection manager's events, the queue that waits for descriptors, and the
/// registered memory of each device. It lives as long as any of them.
/// </summary>
internal sealed class VerbsHost : IQueuePairHost, IReadyLine, IThreadPoolWorkItem
{
    private readonly Lock _serving = new();
    private readonly ConcurrentDictionary<CmId, VerbsQueuePair> _pairs = new();
    private readonly Dictionary<nint, RegisteredMemory> _memories = [];
    private readonly Action<CmEvent> _arrived;
    private readonly Action<RdmaException, EndPoint> _refused;
    private readonly SafeFileHandle _descriptor;
    private readonly long _key;
    private int _users = 1;
    private bool _freed;

    /// <param name="sizes">How much each connection may have under way.</param>
    /// <param name="time">Tells the time.</param>
    /// <param name="arrived">Told of events of the listener and of connections that are not served yet.</param>
    /// <param name="refused">Told when the system refuses what a connection needs.</param>
    /// <exception cref="RdmaException">There is no RDMA here.</exception>
    public VerbsHost(QueueSizes sizes, TimeProvider time, Action<CmEvent> arrived, Action<RdmaException, EndPoint> refused)
    {
        Sizes = sizes;
        Time = time;
        _arrived = arrived;
        _refused = refused;
        Channel = CmCalls.CreateEventChannel();
        if (Channel == 0)
        {
            throw RdmaException.NoManager(Marshal.GetLastPInvokeError());
        }

        // The channel is its descriptor and nothing else.
        var descriptor = Marshal.ReadInt32(Channel);
        if (!CmCalls.TryMakeNonBlocking(descriptor))
        {
            var error = Marshal.GetLastPInvokeError();
            CmCalls.DestroyEventChannel(Channel);
            throw RdmaException.NoManager(error);
        }

        Queue = new ReadinessQueue();
        _descriptor = new SafeFileHandle(descriptor, ownsHandle: false);
        _key = Queue.Add(this, _descriptor);
        Queue.Ask(_descriptor, _key, Readiness.Receive);
    }

    public QueueSizes Sizes { get; }

    public TimeProvider Time { get; }

    /// <summary>The channel of events.</summary>
    public nint Channel { get; }

    public ReadinessQueue Queue { get; }

    /// <summary>Makes the queues for a connection that was asked for, posts its first receive and accepts it.</summary>
    /// <param name="request">What asked for it.</param>
    /// <param name="firstReceive">Bytes of the one receive.</param>
    /// <exception cref="RdmaException">The system refuses; the peer has been told.</exception>
    public VerbsQueuePair Accept(CmEvent request, int firstReceive)
    {
        if (TryMake(request.Id, out var why) is not { } made)
        {
            Reject(request.Id);
            throw why!;
        }

        var (pair, native) = made;
        _pairs[request.Id] = pair;
        try
        {
            pair.TryPostReceive(pair.Rent(firstReceive));
            native.Accept(request.ReadsAllowed);
            return pair;
        }
        catch (RdmaException)
        {
            // Nobody waits for it: the next connection must not.
            _ = pair.DisposeAsync().AsTask();
            throw;
        }
    }

    /// <summary>Refuses a connection that was asked for.</summary>
    public static unsafe void Reject(CmId id)
    {
        CmCalls.Reject(id.Pointer, null, 0);
        CmCalls.DestroyId(id.Pointer);
    }

    public void Remove(CmId id) => _pairs.TryRemove(id, out _);

    /// <summary>One user less, listener or connection. Each calls it once, when what it made with the channel has been destroyed.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _users) > 0)
        {
            return;
        }

        lock (_serving)
        {
            _freed = true;
            Queue.Remove(_key);
            CmCalls.DestroyEventChannel(Channel);
        }

        _descriptor.Dispose();
        Queue.Dispose();
    }

    public void Refused(RdmaException why, EndPoint remote) => _refused(why, remote);

    public void Serve(Readiness ready)
    {
        lock (_serving)
        {
            while (!_freed && CmEvent.TryTake(Channel, out var taken))
            {
                if (_pairs.TryGetValue(taken.Id, out var pair))
                {
                    Tell(pair, taken.Kind);
                }
                else
                {
                    _arrived(taken);
                }
            }

            if (!_freed)
            {
                Queue.Ask(_descriptor, _key, Readiness.Receive);
            }
        }
    }

    public void ServeLater(Readiness ready) => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => Serve(Readiness.Receive);

    private static void Tell(VerbsQueuePair pair, CmEventKind kind)
    {
        switch (kind)
        {
            case CmEventKind.ConnectError:
            case CmEventKind.Unreachable:
            case CmEventKind.Rejected:
            case CmEventKind.Disconnected:
            case CmEventKind.DeviceRemoval:
                pair.PeerLeft();
                break;
        }
    }

    private (VerbsQueuePair Pair, NativeQueuePair Native)? TryMake(CmId id, out RdmaException? why)
    {
        RegisteredMemory? memory = null;
        NativeQueuePair? native = null;
        why = null;
        try
        {
            memory = MemoryOf(id.Context);
            native = NativeQueuePair.Create(id, ((ProtectionDomain)memory.Domain).Pointer, Sizes);
            Interlocked.Increment(ref _users);
            var local = new SmbRdmaEndPoint(id.Local.Address, id.Local.Port);
            return (new VerbsQueuePair(id, local, id.Remote, native, memory, this), native);
        }
        catch (RdmaException e)
        {
            why = e;
        }
        catch (System.Net.Sockets.SocketException e)
        {
            // No place in the queue of descriptors.
            why = RdmaException.Refused("the connection cannot be waited for", e.NativeErrorCode);
            Interlocked.Decrement(ref _users);
            native?.FreeQueues();
        }

        memory?.Release();
        return null;
    }

    /// <summary>
    /// The memory for a connection of a device. Connections share it, except over iWARP, where a peer that answers a read writes into it: that
    /// memory is nobody else's. It goes with the last of them, because a device that somebody uses cannot be taken away.
    /// </summary>
    private RegisteredMemory MemoryOf(nint context)
    {
        if (new DeviceContext(context).IsIwarp)
        {
            return new RegisteredMemory(ProtectionDomain.Create(context), Time);
        }

        lock (_memories)
        {
            if (!_memories.TryGetValue(context, out var memory) || !memory.TryShare())
            {
                memory = new RegisteredMemory(ProtectionDomain.Create(context), Time);
                _memories[context] = memory;
            }

            return memory;
        }
    }
}
