using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.Rdma.Verbs;
using Smb3.Embedded.Transport.Rdma.Verbs.Native;
using Xunit;

namespace Smb3.Embedded.Tests.Transport.Rdma.Verbs;

/// <summary>A device that does nothing by itself: the test says when what completes. Its descriptor is that of a socket.</summary>
internal sealed class FakeNativeQueuePair : INativeQueuePair, IDisposable
{
    private const int Flushed = 5; // IBV_WC_WR_FLUSH_ERR

    private readonly Socket _events = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly ConcurrentQueue<WorkCompletion> _completions = new();
    private readonly List<ulong> _posted = [];
    private bool _armed = true;

    public FakeNativeQueuePair() => _events.Bind(new IPEndPoint(IPAddress.Loopback, 0));

    public bool NeedsSinks { get; init; }

    public int Descriptor => (int)_events.Handle;

    public bool IsDisconnected { get; private set; }

    public bool IsFreed { get; private set; }

    /// <summary>Whether ending the connection gives everything back at once, as a device does.</summary>
    public bool Flushes { get; set; }

    public uint LastKey { get; private set; }

    public bool TryPostReceive(ulong id, VerbsBuffer buffer) => Post(id);

    public bool TryPostSend(ulong id, VerbsBuffer buffer, int length, uint? invalidates) => Post(id);

    public bool TryPostMove(ulong id, WorkKind kind, ulong address, uint key, RemoteBuffer remote)
    {
        LastKey = key;
        return Post(id);
    }

    public int Poll(Span<WorkCompletion> completions)
    {
        Assert.False(IsFreed);
        var count = 0;
        while (count < completions.Length && _completions.TryDequeue(out completions[count]))
        {
            count++;
        }

        return count;
    }

    public void TakeEvents()
    {
        Assert.False(IsFreed);
        var datagram = new byte[16];
        while (_events.Available > 0)
        {
            _events.Receive(datagram);
        }
    }

    public void Arm()
    {
        lock (_posted)
        {
            _armed = true;
        }
    }

    public void Disconnect()
    {
        IsDisconnected = true;
        if (Flushes)
        {
            Flush();
        }
    }

    public void FreeConnection() => Assert.True(IsFreed);

    public void FreeQueues()
    {
        lock (_posted)
        {
            IsFreed = true;
        }

        Dispose();
    }

    public void Dispose() => _events.Dispose();

    /// <summary>The oldest posted work is done.</summary>
    public void CompleteNext(int length = 0)
    {
        ulong id;
        lock (_posted)
        {
            id = _posted[0];
            _posted.RemoveAt(0);
        }

        Tell(new WorkCompletion { Id = id, Length = (uint)length });
    }

    /// <summary>Nothing of what is posted is done.</summary>
    public void Flush()
    {
        while (true)
        {
            ulong id;
            lock (_posted)
            {
                if (_posted.Count == 0)
                {
                    return;
                }

                id = _posted[0];
                _posted.RemoveAt(0);
            }

            Tell(new WorkCompletion { Id = id, Status = Flushed });
        }
    }

    private bool Post(ulong id)
    {
        lock (_posted)
        {
            Assert.False(IsFreed);
            _posted.Add(id);
        }

        return true;
    }

    private void Tell(WorkCompletion completion)
    {
        _completions.Enqueue(completion);
        lock (_posted)
        {
            // An event only where one was asked for, as the hardware has it.
            if (_armed && !IsFreed)
            {
                _armed = false;
                _events.SendTo([1], _events.LocalEndPoint!);
            }
        }
    }
}
