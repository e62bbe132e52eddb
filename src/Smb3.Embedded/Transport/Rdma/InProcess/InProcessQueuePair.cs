using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Smb3.Embedded.Transport.Rdma.InProcess;

/// <summary>
/// One end of a connection inside the process. It is as strict as a device: a SEND needs a posted receive that is long enough, memory must be
/// open with the right that is used, and whatever goes wrong ends both ends.
/// </summary>
internal sealed class InProcessQueuePair : IQueuePair, IMemoryWindow
{
    private readonly InProcessMemory _memory;
    private readonly Channel<ReceivedSend> _received;
    private readonly Queue<RegisteredBuffer> _posted = new();
    private readonly Dictionary<uint, Opened> _open = [];
    private readonly TaskCompletionSource _accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Lock _sync = new();
    private InProcessQueuePair _peer = null!;
    private uint _lastToken;
    private bool _ended;

    public InProcessQueuePair(InProcessMemory memory, EndPoint local, EndPoint remote, bool isInline)
    {
        _memory = memory;
        _received = Channel.CreateUnbounded<ReceivedSend>(
            new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = isInline });
        LocalEndPoint = local;
        RemoteEndPoint = remote;
    }

    public EndPoint LocalEndPoint { get; }

    public EndPoint RemoteEndPoint { get; }

    /// <summary>Called for each operation that this end posts, before it is carried out; what it answers is done to the connection.</summary>
    public Func<QueuePairOperation, QueuePairFault>? Faults { get; set; }

    /// <summary>The other end.</summary>
    public InProcessQueuePair Peer => _peer;

    /// <summary>Pieces of memory that are open to the peer.</summary>
    public int OpenCount
    {
        get
        {
            lock (_sync)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Receives that this end has posted and nothing has arrived in.</summary>
    public int PostedCount
    {
        get
        {
            lock (_sync)
            {
                return _posted.Count;
            }
        }
    }

    public RegisteredBuffer Rent(int size) => _memory.Rent(size);

    public bool TryPostReceive(RegisteredBuffer buffer)
    {
        lock (_sync)
        {
            if (!_ended)
            {
                _posted.Enqueue(buffer);
                return true;
            }
        }

        buffer.Dispose();
        return false;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReceivedSend?> ReceiveAsync()
    {
        try
        {
            return await _received.Reader.ReadAsync().ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync(RegisteredBuffer buffer, int length, uint? invalidate)
    {
        using (buffer)
        {
            // A connection is accepted before anything is sent over it.
            await _accepted.Task.ConfigureAwait(false);
            RegisteredBuffer? receive;
            lock (_sync)
            {
                if (!MayGoOn(QueuePairOperation.Send))
                {
                    return false;
                }

                // No receive is posted (RNR), the receive is too short, or the token is not open: errors that end a reliable connection.
                if (!_peer._posted.TryDequeue(out receive)
                    || receive.Memory.Length < length
                    || (invalidate is { } token && !_peer._open.Remove(token)))
                {
                    receive?.Dispose();
                    EndBoth();
                    return false;
                }

                buffer.Memory[..length].CopyTo(receive.Memory);
            }

            // Whoever waits for it may go on here, so not under the lock.
            if (!_peer._received.Writer.TryWrite(new ReceivedSend(receive, length)))
            {
                receive.Dispose();
            }

            return true;
        }
    }

    public ValueTask<bool> WriteAsync(RegisteredBuffer source, int start, RemoteBuffer target) =>
        new(Move(source.Memory, start, target, RemoteAccess.Write));

    public ValueTask<bool> ReadAsync(RegisteredBuffer destination, int start, RemoteBuffer source) =>
        new(Move(destination.Memory, start, source, RemoteAccess.Read));

    public RemoteBuffer Open(RegisteredBuffer buffer, int length, RemoteAccess access)
    {
        lock (_sync)
        {
            var token = ++_lastToken;
            _open.Add(token, new Opened(buffer.Memory[..length], access));
            return new RemoteBuffer(Opened.Base, token, (uint)length);
        }
    }

    public void Close(uint token)
    {
        lock (_sync)
        {
            _open.Remove(token);
        }
    }

    public void Disconnect()
    {
        lock (_sync)
        {
            EndBoth();
        }
    }

    public ValueTask DisposeAsync()
    {
        Disconnect();
        while (_received.Reader.TryRead(out var received))
        {
            received.Buffer.Dispose();
        }

        return default;
    }

    /// <summary>Makes two ends one connection; they share a lock from then on.</summary>
    internal void Join(InProcessQueuePair peer)
    {
        _peer = peer;
        peer._peer = this;
        peer._sync = _sync;
    }

    /// <summary>The listening side takes the connection: from now on something may be sent.</summary>
    internal void Accept(int firstReceive)
    {
        TryPostReceive(Rent(firstReceive));
        _accepted.TrySetResult();
        _peer._accepted.TrySetResult();
    }

    private bool Move(Memory<byte> local, int start, RemoteBuffer remote, RemoteAccess access)
    {
        lock (_sync)
        {
            if (!MayGoOn(access == RemoteAccess.Write ? QueuePairOperation.Write : QueuePairOperation.Read))
            {
                return false;
            }

            if (!_peer._open.TryGetValue(remote.Token, out var opened) || !opened.TrySlice(remote, access, out var piece))
            {
                EndBoth();
                return false;
            }

            var mine = local.Slice(start, piece.Length);
            if (access == RemoteAccess.Write)
            {
                mine.CopyTo(piece);
            }
            else
            {
                piece.CopyTo(mine);
            }

            return true;
        }
    }

    private bool MayGoOn(QueuePairOperation operation)
    {
        if (!_ended && Faults?.Invoke(operation) is QueuePairFault.Break)
        {
            EndBoth();
        }

        return !_ended;
    }

    private void EndBoth()
    {
        End();
        _peer.End();
    }

    private void End()
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        _accepted.TrySetResult();
        _received.Writer.TryComplete();
        while (_posted.TryDequeue(out var buffer))
        {
            buffer.Dispose();
        }
    }

    private readonly record struct Opened(Memory<byte> Memory, RemoteAccess Access)
    {
        /// <summary>Addresses do not begin at zero, as on a device.</summary>
        public const ulong Base = 0x7F00_0000_0000;

        public bool TrySlice(RemoteBuffer remote, RemoteAccess access, out Memory<byte> piece)
        {
            var offset = remote.Offset - Base;
            var fits = (Access & access) != 0
                && remote.Offset >= Base
                && offset <= (ulong)Memory.Length
                && remote.Length <= (ulong)Memory.Length - offset;
            piece = fits ? Memory.Slice((int)offset, (int)remote.Length) : default;
            return fits;
        }
    }
}
