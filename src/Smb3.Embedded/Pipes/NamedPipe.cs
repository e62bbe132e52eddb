using Smb3.Embedded.Nt;
using Smb3.Embedded.Rpc;

namespace Smb3.Embedded.Pipes;

/// <summary>
/// One open of a named pipe, the transport of one DCE/RPC connection (ncacn_np): the client writes its PDUs and reads the answers. It is in
/// message mode, as every RPC pipe is in Windows: one read never returns bytes of two messages, and each fragment of an answer is one
/// message.
/// </summary>
/// <remarks>
/// Thread-safe: writes are taken in turn, and reads are served in turn. Closing the open disposes the pipe, which cancels the calls that
/// are running and ends the reads that are waiting with <see cref="NtStatus.PipeBroken"/>.
/// </remarks>
internal sealed class NamedPipe : IRpcOutput, IDisposable
{
    private const int MaxWaitingReads = 64;

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private readonly Queue<ReadOnlyMemory<byte>> _messages = new();
    private readonly LinkedList<WaitingRead> _waiting = new();
    private readonly RpcServer _server;
    private readonly RpcQuota _quota;
    private readonly RpcUnread _unread;
    private readonly RpcFragmentReader _fragments;
    private readonly RpcConnection _connection;
    private ReadOnlyMemory<byte> _first;
    private bool _broken;
    private bool _disposed;

    /// <param name="name">Without a leading backslash.</param>
    /// <param name="server">The RPC runtime.</param>
    /// <param name="endpoint">What is behind the pipe.</param>
    /// <param name="quota">What the caller's pipes hold together; this pipe is already counted there, until it is disposed.</param>
    public NamedPipe(string name, RpcServer server, RpcEndpoint endpoint, RpcQuota quota)
    {
        Name = name;
        _server = server;
        _quota = quota;
        _unread = new RpcUnread(quota, server.Limits.MaxUnreadBytes);
        _fragments = new RpcFragmentReader(server.Limits.MaxFragment);
        _connection = new RpcConnection(server, endpoint, quota.Caller, quota, this);
    }

    /// <summary>The pipe's name without a leading backslash, in lower case: <c>srvsvc</c>.</summary>
    public string Name { get; }

    /// <summary>Room for any message that can be read: each is one fragment.</summary>
    public int LongestMessage => _server.Limits.MaxFragment;

    /// <summary>Bytes that can be read in all messages: ReadDataAvailable of FilePipeLocalInformation (MS-FSCC 2.4.37).</summary>
    public int BytesAvailable
    {
        get
        {
            lock (_lock)
            {
                return _unread.Count;
            }
        }
    }

    /// <summary>The number of waiting messages and the bytes left of the first, as FSCTL_PIPE_PEEK reports them (MS-FSCC 2.3.46).</summary>
    public (int Messages, int FirstMessageBytes) Peek()
    {
        lock (_lock)
        {
            return (_messages.Count + (_first.IsEmpty ? 0 : 1), NextMessage().Length);
        }
    }

    /// <summary>
    /// Takes bytes from the client and begins the calls that they complete. An answer that is ready at once can be read when this returns;
    /// one that takes longer does not hold up the writer, and can be read when it is there. PDUs may be split anywhere over several writes;
    /// one write may hold several.
    /// </summary>
    /// <returns>
    /// <see cref="NtStatus.Success"/>: all bytes were taken. <see cref="NtStatus.PipeDisconnected"/>: what the client sent, now or before,
    /// was not DCE/RPC, or it leaves too many answers unread; only closing helps. <see cref="NtStatus.FileClosed"/>: disposed.
    /// <see cref="NtStatus.Cancelled"/>: <paramref name="cancellation"/> came first; if it came in the middle of a logon, the pipe is
    /// disconnected.
    /// </returns>
    public async ValueTask<NtStatus> WriteAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation = default)
    {
        var status = await TakeTurnAsync(cancellation).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return status;
        }

        try
        {
            return await ReceiveAsync(data, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Reads without waiting. <see cref="NtStatus.PipeEmpty"/> says that nothing is there: a READ on a blocking pipe then waits with
    /// <see cref="ReadAsync"/> behind an interim response; on a non-blocking one the status is the answer.
    /// </summary>
    public NtStatus TryRead(Span<byte> buffer, out int count)
    {
        lock (_lock)
        {
            count = 0;
            return _waiting.Count > 0 ? NtStatus.PipeEmpty : ReadLocked(buffer, out count);
        }
    }

    /// <summary>
    /// Reads, and waits while there is nothing; completes at once when a message is there. Ends with <see cref="NtStatus.PipeBroken"/>
    /// when the pipe closes meanwhile and with <see cref="NtStatus.Cancelled"/> when <paramref name="cancellation"/> comes first.
    /// </summary>
    public ValueTask<PipeRead> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        WaitingRead read;
        lock (_lock)
        {
            if (_waiting.Count == 0)
            {
                var status = ReadLocked(buffer.Span, out var count);
                if (status != NtStatus.PipeEmpty)
                {
                    return ValueTask.FromResult(new PipeRead(status, count));
                }
            }
            else if (_waiting.Count >= MaxWaitingReads)
            {
                return ValueTask.FromResult(new PipeRead(NtStatus.InsufficientResources, 0));
            }

            read = new WaitingRead(buffer);
            _waiting.AddLast(read);
        }

        return WaitAsync(read, cancellation);
    }

    /// <summary>
    /// Writes one message and reads the answer: FSCTL_PIPE_TRANSCEIVE (MS-FSCC 2.3.49). <see cref="NtStatus.PipeBusy"/> when an earlier
    /// answer is still unread; <see cref="NtStatus.BufferOverflow"/> when the answer is longer than <paramref name="output"/>, and a READ
    /// then gets the rest; otherwise as <see cref="WriteAsync"/> and <see cref="ReadAsync"/>.
    /// </summary>
    /// <param name="input">What the client sent.</param>
    /// <param name="output">As long as the client's MaxOutputResponse.</param>
    /// <param name="cancellation">Ends the request.</param>
    public async ValueTask<PipeRead> TransceiveAsync(
        ReadOnlyMemory<byte> input, Memory<byte> output, CancellationToken cancellation = default)
    {
        var status = await TakeTurnAsync(cancellation).ConfigureAwait(false);
        if (status != NtStatus.Success)
        {
            return new PipeRead(status, 0);
        }

        try
        {
            lock (_lock)
            {
                if (_unread.Count > 0 || _waiting.Count > 0)
                {
                    return new PipeRead(NtStatus.PipeBusy, 0);
                }
            }

            status = await ReceiveAsync(input, cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        return status == NtStatus.Success
            ? await ReadAsync(output, cancellation).ConfigureAwait(false)
            : new PipeRead(status, 0);
    }

    /// <summary>Closes: cancels what is running and what is waiting, and gives back the connection's context handles.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            _messages.Clear();
            _first = default;
            _unread.Clear();
            foreach (var read in _waiting)
            {
                read.Complete(NtStatus.PipeBroken, 0);
            }

            _waiting.Clear();
        }

        // The semaphore and the source hold nothing but memory; a call that is still running may yet release and look at them.
        _closed.Cancel();
        _connection.Dispose();
        _server.Quotas.Leave(_quota);
    }

    bool IRpcOutput.TrySend(ReadOnlyMemory<byte> fragment)
    {
        lock (_lock)
        {
            if (_disposed || !_unread.TryAdd(fragment.Length))
            {
                return false;
            }

            _messages.Enqueue(fragment);
            ServeWaitingLocked();
            return true;
        }
    }

    void IRpcOutput.End() => Break();

    private async ValueTask<NtStatus> TakeTurnAsync(CancellationToken cancellation)
    {
        try
        {
            if (!_turn.Wait(0, CancellationToken.None))
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closed.Token);
                await _turn.WaitAsync(either.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return _closed.IsCancellationRequested ? NtStatus.FileClosed : NtStatus.Cancelled;
        }

        return NtStatus.Success;
    }

    private async ValueTask<NtStatus> ReceiveAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return NtStatus.FileClosed;
            }

            if (_broken)
            {
                return NtStatus.PipeDisconnected;
            }
        }

        var stands = false;
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _closed.Token);
            stands = await FeedAsync(data, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested || _closed.IsCancellationRequested)
        {
            return _closed.IsCancellationRequested ? NtStatus.FileClosed : NtStatus.Cancelled;
        }
        finally
        {
            if (!stands)
            {
                _connection.Dispose();
                Break();
            }
        }

        // A fault or a bind_nak that says why is worth more to the client than the status of the write.
        return stands || BytesAvailable > 0 ? NtStatus.Success : NtStatus.PipeDisconnected;
    }

    private async ValueTask<bool> FeedAsync(ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        while (true)
        {
            switch (_fragments.Take(ref data, out var header, out var fragment))
            {
                case RpcFragmentState.Incomplete:
                    return true;
                case RpcFragmentState.Unacceptable:
                    _connection.Refuse(header);
                    return false;
                default:
                    if (!await _connection.ReceiveAsync(header, fragment, cancellation).ConfigureAwait(false))
                    {
                        return false;
                    }

                    break;
            }
        }
    }

    private void Break()
    {
        lock (_lock)
        {
            _broken = true;
            ServeWaitingLocked();
        }
    }

    private void ServeWaitingLocked()
    {
        while (_waiting.First is { } node)
        {
            var status = ReadLocked(node.Value.Buffer.Span, out var count);
            if (status == NtStatus.PipeEmpty)
            {
                return;
            }

            _waiting.RemoveFirst();
            node.Value.Complete(status, count);
        }
    }

    private ReadOnlyMemory<byte> NextMessage() => !_first.IsEmpty ? _first : _messages.TryPeek(out var next) ? next : default;

    private NtStatus ReadLocked(Span<byte> buffer, out int count)
    {
        count = 0;
        if (_disposed)
        {
            return NtStatus.FileClosed;
        }

        if (_first.IsEmpty && !_messages.TryDequeue(out _first))
        {
            return _broken ? NtStatus.PipeDisconnected : NtStatus.PipeEmpty;
        }

        count = Math.Min(buffer.Length, _first.Length);
        _first.Span[..count].CopyTo(buffer);
        _first = _first[count..];
        _unread.Remove(count);
        return _first.IsEmpty ? NtStatus.Success : NtStatus.BufferOverflow;
    }

    private async ValueTask<PipeRead> WaitAsync(WaitingRead read, CancellationToken cancellation)
    {
        using var registration = cancellation.UnsafeRegister(
            static state =>
            {
                var (pipe, read) = ((NamedPipe, WaitingRead))state!;
                lock (pipe._lock)
                {
                    if (pipe._waiting.Remove(read))
                    {
                        read.Complete(NtStatus.Cancelled, 0);
                    }
                }
            },
            (this, read));
        return await read.Task.ConfigureAwait(false);
    }

    /// <summary>A read that waits for a message. Its buffer is only touched under the pipe's lock, before it completes.</summary>
    private sealed class WaitingRead(Memory<byte> buffer)
    {
        private readonly TaskCompletionSource<PipeRead> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Memory<byte> Buffer { get; } = buffer;

        public Task<PipeRead> Task => _completion.Task;

        public void Complete(NtStatus status, int count) => _completion.TrySetResult(new PipeRead(status, count));
    }
}
