namespace Smb3.Embedded.Dispatch;

/// <summary>
/// Counts the bytes that a connection makes the server hold. While there are too many, its reader pauses, which is back-pressure that
/// reaches the client through its own transport, and a large output waits before memory is allocated for it.
/// </summary>
/// <param name="limit">The most bytes of requests and responses together; one request and one output are always allowed.</param>
internal sealed class FlowControl(long limit)
{
    private readonly Lock _gate = new();
    private readonly Queue<Waiter> _outputs = new();
    private long _limit = limit;
    private long _in;
    private long _out;
    private long _parked;
    private volatile bool _isWaitedFor;
    private TaskCompletionSource? _reader;
    private bool _ended;

    /// <summary>Bytes of the requests being served, and of the room they are given to work with.</summary>
    public long BytesIn => Volatile.Read(ref _in);

    /// <summary>Bytes of the responses that are being written or have not left, and of the room set aside for them.</summary>
    public long BytesOut => Volatile.Read(ref _out);

    /// <summary>Whether the connection is within its limit.</summary>
    public bool HasRoom => BytesIn + BytesOut <= Volatile.Read(ref _limit);

    /// <summary>Changes the limit: a peer that has authenticated gets a different one.</summary>
    public void SetLimit(long limit)
    {
        if (Volatile.Read(ref _limit) != limit)
        {
            Volatile.Write(ref _limit, limit);
            Wake();
        }
    }

    public void AddInput(long bytes) => Interlocked.Add(ref _in, bytes);

    public void RemoveInput(long bytes)
    {
        Interlocked.Add(ref _in, -bytes);
        if (_isWaitedFor)
        {
            Wake();
        }
    }

    /// <summary>Counts an output that exists already.</summary>
    public void AddOutput(long bytes) => Interlocked.Add(ref _out, bytes);

    public void RemoveOutput(long bytes)
    {
        Interlocked.Add(ref _out, -bytes);
        if (_isWaitedFor)
        {
            Wake();
        }
    }

    /// <summary>
    /// Counts what a request that may take long holds separately from the rest, so that others can go on; false when everything counted
    /// this way would exceed the limit.
    /// </summary>
    public bool TryPark(long input, long output)
    {
        if (Interlocked.Add(ref _parked, input + output) > Volatile.Read(ref _limit))
        {
            Unpark(input + output);
            return false;
        }

        RemoveInput(input);
        RemoveOutput(output);
        return true;
    }

    public void Unpark(long bytes) => Interlocked.Add(ref _parked, -bytes);

    /// <summary>Completes when reading from the connection may go on. For one reader only.</summary>
    public ValueTask WaitAsync()
    {
        if (HasRoom)
        {
            return default;
        }

        lock (_gate)
        {
            _isWaitedFor = true;
            Interlocked.MemoryBarrier();
            if (HasRoom || _ended)
            {
                _isWaitedFor = _outputs.Count > 0;
                return default;
            }

            _reader = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_reader.Task);
        }
    }

    /// <summary>
    /// Sets <paramref name="bytes"/> aside for an output before memory is allocated for it; false when it must wait for them.
    /// </summary>
    public bool TryReserve(long bytes)
    {
        lock (_gate)
        {
            if (_outputs.Count > 0 || !HasRoomFor(bytes))
            {
                return false;
            }

            AddOutput(bytes);
            return true;
        }
    }

    /// <summary>Does the same as soon as others have left; false when the connection ends first.</summary>
    public Task<bool> ReserveAsync(long bytes)
    {
        lock (_gate)
        {
            if (_ended)
            {
                return Task.FromResult(false);
            }

            var waiter = new Waiter(bytes);
            _outputs.Enqueue(waiter);
            _isWaitedFor = true;
            Interlocked.MemoryBarrier();
            GrantLocked();
            return waiter.Task;
        }
    }

    /// <summary>The connection has ended: releases everything that waits.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            while (_outputs.TryDequeue(out var waiter))
            {
                waiter.SetResult(false);
            }

            _reader?.TrySetResult();
            _reader = null;
            _isWaitedFor = false;
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            GrantLocked();
        }
    }

    private void GrantLocked()
    {
        while (_outputs.TryPeek(out var waiter) && HasRoomFor(waiter.Bytes))
        {
            _outputs.Dequeue();
            AddOutput(waiter.Bytes);
            waiter.SetResult(true);
        }

        if (_reader is not null && HasRoom)
        {
            _reader.TrySetResult();
            _reader = null;
        }

        _isWaitedFor = _outputs.Count > 0 || _reader is not null;
    }

    // One output is always allowed, or requests that hold all the room would wait for each other.
    private bool HasRoomFor(long bytes) => BytesOut == 0 || BytesIn + BytesOut + bytes <= Volatile.Read(ref _limit);

    private sealed class Waiter(long bytes) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public long Bytes { get; } = bytes;
    }
}
