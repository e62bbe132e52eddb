using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Smb3.Embedded.Transport.Rdma.Messages;

namespace Smb3.Embedded.Transport.Rdma;

/// <summary>
/// SMB Direct (MS-SMBD): messages in fragments over the SENDs of an RDMA connection, and the peer's memory beside them. Either side.
/// </summary>
/// <remarks>
/// What arrives is always taken in, even while nobody asks for a message: it may carry the credits that our own sends wait for. A peer is
/// slowed down by granting it nothing.
/// </remarks>
internal sealed class SmbDirectTransport : IMessageTransport
{
    private readonly IQueuePair _pair;
    private readonly SmbDirectSettings _settings;
    private readonly SmbDirectCredits _credits;

    // Null only wakes who waits for one.
    private readonly Channel<ReceivedMessage?> _messages;

    private readonly TaskCompletionSource<bool> _agreed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SmbDirectSizes _sizes;
    private Func<int> _longest = static () => int.MaxValue;
    private ReceiveOutcome _outcome = ReceiveOutcome.Ended;
    private Task? _pump;
    private KeepAlive? _alive;
    private long _waiting;
    private bool _answerAtOnce;

    private SmbDirectTransport(IQueuePair pair, SmbDirectSettings settings, BufferPool buffers)
    {
        _pair = pair;
        _settings = settings;
        Buffers = buffers;
        _messages = Channel.CreateUnbounded<ReceivedMessage?>(
            new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = settings.IsInline });
        _credits = new SmbDirectCredits(settings.ReceiveCredits, settings.SendCredits);
        _sizes = new SmbDirectSizes(0, settings.MaxReceiveSize, 0);
        RemoteMemory = new PeerMemory(pair, settings.MaxReadWriteSize);
    }

    public EndPoint LocalEndPoint => _pair.LocalEndPoint;

    public EndPoint RemoteEndPoint => _pair.RemoteEndPoint;

    public BufferPool Buffers { get; }

    public IRemoteMemory? RemoteMemory { get; }

    public int Headroom => 0;

    public int LargestMessage => _sizes.FragmentedSend;

    public bool HasNext => _messages.Reader.TryPeek(out var next) && next is not null;

    public long? BytesAcknowledged => null;

    public bool HasPeerClosed => false;

    /// <summary>Whether the peer was heard of since it was last looked at.</summary>
    public bool HasHeard => _alive is { HasHeard: true };

    /// <summary>
    /// The listening side of a connection. The sides agree when the first message is waited for, so that nobody holds up the listener.
    /// </summary>
    public static SmbDirectTransport Accept(IQueuePair pair, SmbDirectSettings settings, BufferPool buffers) => new(pair, settings, buffers);

    /// <summary>The connecting side of a connection. What is sent waits until the sides have agreed.</summary>
    public static SmbDirectTransport Connect(IQueuePair pair, SmbDirectSettings settings, BufferPool buffers)
    {
        var transport = new SmbDirectTransport(pair, settings, buffers);
        transport._pump = transport.PumpAsync(isListening: false);
        return transport;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(ReceiveOutcome Outcome, ReceivedMessage? Message)> ReceiveAsync(
        Func<int> longest, CancellationToken cancellationToken)
    {
        _longest = longest;
        _pump ??= PumpAsync(isListening: true);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (!_messages.Reader.TryRead(out var message))
            {
                if (!await WaitAsync(cancellationToken).ConfigureAwait(false))
                {
                    return (_outcome, null);
                }
            }
            else if (message is not null)
            {
                Taken(message.Length);
                return (ReceiveOutcome.Message, message);
            }
        }

        return (ReceiveOutcome.Ended, null);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> SendAsync(IReadOnlyList<OutboundFrame> frames)
    {
        if (!await _agreed.Task.ConfigureAwait(false))
        {
            return false;
        }

        for (var i = 0; i < frames.Count; i++)
        {
            if (!await SendAsync(frames[i]).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    public void Abort(bool reset = false)
    {
        _credits.End();
        _pair.Disconnect();
    }

    public async ValueTask DisposeAsync()
    {
        Abort();
        if (_pump is not null)
        {
            await _pump.ConfigureAwait(false);
        }

        _agreed.TrySetResult(false);
        _messages.Writer.TryComplete();
        while (_messages.Reader.TryRead(out var message))
        {
            message?.Dispose();
        }

        await _pair.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Waits until there may be a message; false: none will come any more. A channel makes an object for each wait that can be cancelled,
    /// so it is not told of the token.
    /// </summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static self => ((SmbDirectTransport)self!)._messages.Writer.TryWrite(null), this))
        {
            return await _messages.Reader.WaitToReadAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> SendAsync(OutboundFrame frame)
    {
        // The peer takes no longer one, and whoever writes messages knows (LargestMessage).
        var rest = frame.Bytes;
        if (rest.Length > _sizes.FragmentedSend)
        {
            return false;
        }

        while (rest.Length > 0)
        {
            if (!_credits.TryTake(out var grant))
            {
                Post(isStarved: true);
                if (await _credits.TakeAsync().ConfigureAwait(false) is not { } later)
                {
                    return false;
                }

                grant = later;
            }

            var length = Math.Min(rest.Length, _sizes.Send - DataTransfer.PayloadOffset);
            var buffer = _pair.Rent(DataTransfer.PayloadOffset + length);
            var header = new DataTransfer(
                (ushort)_settings.SendCredits,
                (ushort)grant,
                DataTransferFlags.None,
                (uint)(rest.Length - length),
                DataTransfer.PayloadOffset,
                (uint)length);
            header.Write(buffer.Memory.Span);
            rest[..length].CopyTo(buffer.Memory[DataTransfer.PayloadOffset..]);
            rest = rest[length..];

            // The peer's memory may be closed only when the whole message is there (MS-SMBD 3.1.5.4).
            var invalidates = rest.IsEmpty ? frame.Invalidates : null;
            if (!await _pair.SendAsync(buffer, DataTransfer.PayloadOffset + length, invalidates).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Sends a message without a payload, if there is a credit for it: grants, answers and questions travel so.</summary>
    private bool TrySendEmpty(DataTransferFlags flags)
    {
        if (!_credits.TryTake(out var grant))
        {
            return false;
        }

        var buffer = _pair.Rent(DataTransfer.Size);
        new DataTransfer((ushort)_settings.SendCredits, (ushort)grant, flags, 0, 0, 0).Write(buffer.Memory.Span);

        // Nobody needs to wait: only the end of the connection refuses it, which the pump sees.
        var sending = _pair.SendAsync(buffer, DataTransfer.Size, invalidate: null);
        if (!sending.IsCompleted)
        {
            _ = sending.AsTask();
        }

        return true;
    }

    /// <summary>The sides agree: as many receives are posted as the peer may use at first.</summary>
    private void Begin(SmbDirectSizes sizes)
    {
        _sizes = sizes;
        Post();
    }

    private async Task PumpAsync(bool isListening)
    {
        using var assembler = new FragmentAssembler(Buffers, _settings.MaxFragmentedSize);
        try
        {
            var negotiation = new Negotiation(_pair, _settings, _credits);
            var agreeing = isListening ? negotiation.AcceptAsync(Begin) : negotiation.ConnectAsync(Begin);
            if (await agreeing.ConfigureAwait(false) is null)
            {
                return;
            }

            _agreed.TrySetResult(true);

            _alive = new KeepAlive(_settings, () => TrySendEmpty(DataTransferFlags.ResponseRequested), () => Abort());
            while (await _pair.ReceiveAsync().ConfigureAwait(false) is { } received)
            {
                _alive.Heard();
                ReceiveOutcome outcome;
                using (received.Buffer)
                {
                    outcome = Take(received.Buffer.Memory.Span[..received.Length], assembler);
                }

                if (outcome != ReceiveOutcome.Message)
                {
                    _outcome = outcome;
                    return;
                }

                Reply();
            }
        }
        finally
        {
            _alive?.Dispose();
            Abort();
            _agreed.TrySetResult(false);
            _messages.Writer.TryComplete();
        }
    }

    /// <summary>MS-SMBD 3.1.5.8.</summary>
    private ReceiveOutcome Take(ReadOnlySpan<byte> bytes, FragmentAssembler assembler)
    {
        if (!DataTransfer.TryRead(bytes, out var transfer) || !_credits.TryReceive(transfer.CreditsRequested, transfer.CreditsGranted))
        {
            return ReceiveOutcome.Malformed;
        }

        _answerAtOnce |= (transfer.Flags & DataTransferFlags.ResponseRequested) != 0;
        if (transfer.DataLength == 0)
        {
            return ReceiveOutcome.Message;
        }

        var payload = bytes.Slice((int)transfer.DataOffset, (int)transfer.DataLength);
        var outcome = assembler.Add(transfer, payload, _longest, out var message);
        if (message is null)
        {
            return outcome;
        }

        // A peer that is slowed down can still send what it had credits for, and a little more each time that it lets us starve.
        if (Interlocked.Add(ref _waiting, message.Length) > MostWaiting)
        {
            message.Dispose();
            return ReceiveOutcome.TooLong;
        }

        _messages.Writer.TryWrite(message);
        return outcome;
    }

    /// <summary>Bytes of messages that wait to be taken, beyond which the peer cannot be one that keeps the rules.</summary>
    private long MostWaiting =>
        Threshold + Math.Min(_longest(), _settings.MaxFragmentedSize) + ((long)_settings.ReceiveCredits * _sizes.Receive);

    private void Reply()
    {
        Post();
        if ((_answerAtOnce || _credits.IsGrantDue) && (_credits.IsStarved || TrySendEmpty(DataTransferFlags.None)))
        {
            _answerAtOnce = false;
        }
    }

    /// <summary>A message has been taken: what was held back because of it can be granted now.</summary>
    private void Taken(int length)
    {
        if (Interlocked.Add(ref _waiting, -length) + length > Threshold)
        {
            Post();
            if (_credits.IsGrantDue && !_credits.IsStarved)
            {
                TrySendEmpty(DataTransferFlags.None);
            }
        }
    }

    /// <summary>Bytes of messages that wait to be taken, beyond which the peer is slowed down.</summary>
    private long Threshold => Math.Min(_longest(), _settings.MostWaiting);

    /// <summary>
    /// Posts as many receives as the peer may use: enough for what may wait of it, and none beyond what it has
    /// while others wait to be taken. If we need its credits to go on it gets one at a time, or nothing would ever move again.
    /// </summary>
    private void Post(bool isStarved = false)
    {
        var most = Volatile.Read(ref _waiting) > Threshold
            ? isStarved || _credits.IsStarved ? 1 : 0
            : (int)Math.Min(_settings.ReceiveCredits, (Threshold / _sizes.Receive) + 2);
        while (_credits.TryReserve(most))
        {
            if (_pair.TryPostReceive(_pair.Rent(_sizes.Receive)))
            {
                _credits.Posted();
            }
            else
            {
                return;
            }
        }
    }
}
