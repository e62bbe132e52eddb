using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Smb3.Embedded.Nt;
using Smb3.Embedded.Security.Cryptography;
using Smb3.Embedded.Sessions;
using Smb3.Embedded.TestClient.Wire;
using Smb3.Embedded.Transport;
using Smb3.Embedded.Transport.DirectTcp;
using Smb3.Embedded.Wire;
using Smb3.Embedded.Wire.Compression;
using Smb3.Embedded.Wire.Negotiate;

namespace Smb3.Embedded.TestClient;

/// <summary>
/// The client's end of a connection: it frames, numbers, signs, encrypts, and brings each response to the request that it belongs to.
/// Everything that a correct client does by itself can be done wrong on purpose, request by request.
/// </summary>
internal sealed class SmbTestConnection : IAsyncDisposable
{
    private readonly IMessageTransport _transport;
    private readonly IByteStream? _stream;
    private readonly DataByRdma? _data;
    private readonly Func<int> _longest = () => int.MaxValue;
    private readonly ConcurrentDictionary<ulong, SmbTestCall> _calls = new();
    private readonly ConcurrentDictionary<ulong, SmbTestSession> _sessions = new();
    private readonly ConcurrentQueue<SmbTestResponse> _unsolicited = new();
    private readonly SemaphoreSlim _unsolicitedCount = new(0);
    private readonly SemaphoreSlim _sending = new(1);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _pump;
    private int _credits = 1;
    private long _nextMessageId = -1;
    private volatile bool _detaching;
    private volatile bool _sendsTwice;
    private long _arrivals;

    public SmbTestConnection(IByteStream stream, SmbTestClientOptions? options = null)
        : this(new DirectTcpTransport(stream, new BufferPool()), options) => _stream = stream;

    /// <param name="transport">What carries the messages.</param>
    /// <param name="options">What the client offers.</param>
    /// <param name="data">Has the data of READ and WRITE go beside them.</param>
    public SmbTestConnection(IMessageTransport transport, SmbTestClientOptions? options = null, DataByRdma? data = null)
    {
        _transport = transport;
        _data = data;
        Options = options ?? new SmbTestClientOptions();
        _pump = Task.Run(PumpAsync);
    }

    public SmbTestClientOptions Options { get; }

    /// <summary>Holds up what the client sends.</summary>
    public TrafficGate Outbound { get; } = new();

    /// <summary>Holds up what the client receives: the server's sends then pile up, as with a peer that does not read.</summary>
    public TrafficGate Inbound { get; } = new();

    public Smb2Dialect Dialect { get; private set; }

    public Smb2Cipher Cipher { get; private set; }

    /// <summary>Compresses as was agreed; <see langword="null"/>: nothing was.</summary>
    public TestCompressor? Compressor { get; private set; }

    public Smb2SigningAlgorithm SigningAlgorithm { get; private set; }

    public NegotiateAnswer? Negotiated { get; private set; }

    /// <summary>The hash over the NEGOTIATE exchange (3.1.1), which every authentication goes on from.</summary>
    public PreauthTranscript Preauth { get; } = new();

    /// <summary>Credits that are left to be used.</summary>
    public int Credits => Volatile.Read(ref _credits);

    public bool MultiCredit => Negotiated is { } answer && (answer.Capabilities & Smb2Capabilities.LargeMtu) != 0;

    /// <summary>The id that the next request will have, when a test does not say another.</summary>
    public ulong NextMessageId
    {
        get => (ulong)(Volatile.Read(ref _nextMessageId) + 1);
        set => Volatile.Write(ref _nextMessageId, (long)value - 1);
    }

    /// <summary>Completes when the server has closed, or what it sent made no sense; it then fails with the reason.</summary>
    public Task Closed => _closed.Task;

    public bool IsClosed => _closed.Task.IsCompleted;

    /// <summary>
    /// Takes what no request asked for, before anything that came after it is delivered; <see langword="null"/>: it waits for
    /// <see cref="NextUnsolicitedAsync"/>. Must be quick.
    /// </summary>
    public Action<SmbTestResponse>? Unsolicited { get; set; }

    /// <summary>Every frame as it was sent last, for replay; without the four bytes in front.</summary>
    public byte[] LastFrame { get; private set; } = [];

    /// <summary>The next frame arrives twice.</summary>
    public void SendNextTwice() => _sendsTwice = true;

    /// <summary>NEGOTIATE of what <see cref="Options"/> offer.</summary>
    public async Task<NegotiateAnswer> NegotiateAsync()
    {
        var call = await SendAsync(new SmbTestRequest { Command = Smb2Command.Negotiate, Body = NegotiateBody() });
        var request = LastFrame;
        var response = await call.ExpectAsync(NtStatus.Success);
        var answer = NegotiateAnswer.Parse(response.Message);
        Accept(answer);
        if (Dialect == Smb2Dialect.Smb311)
        {
            Preauth.Update(request);
            Preauth.Update(response.Message);
        }

        return answer;
    }

    /// <summary>The body of the NEGOTIATE that <see cref="NegotiateAsync"/> sends.</summary>
    public byte[] NegotiateBody() => RequestBody.Negotiate(
        [.. Options.Dialects],
        Options.ClientGuid,
        Options.SecurityMode,
        Options.Dialects.Any(dialect => dialect >= Smb2Dialect.Smb300) ? Options.Capabilities : Smb2Capabilities.None,
        Options.Dialects.Contains(Smb2Dialect.Smb311) ? WriteContexts : null);

    /// <summary>Logs on; see <see cref="SmbTestSession.LogOnAsync"/>.</summary>
    public async Task<SmbTestSession> LogOnAsync(string userName, string password, ulong previousSessionId = 0)
    {
        if (Negotiated is null)
        {
            await NegotiateAsync();
        }

        var session = new SmbTestSession(this);
        await session.LogOnAsync(userName, password, previousSessionId);
        return session;
    }

    public Task<SmbTestResponse> EchoAsync() => CallAsync(new SmbTestRequest { Command = Smb2Command.Echo });

    /// <summary>Sends one request and waits for its final response.</summary>
    public async Task<SmbTestResponse> CallAsync(SmbTestRequest request, SmbTestFrameOptions? options = null) =>
        await (await SendAsync(request, options)).ResponseAsync();

    public async Task<SmbTestCall> SendAsync(SmbTestRequest request, SmbTestFrameOptions? options = null) =>
        (await SendAsync([request], options))[0];

    /// <summary>Sends a compound, or one request, as one frame.</summary>
    public async Task<SmbTestCall[]> SendAsync(SmbTestRequest[] requests, SmbTestFrameOptions? options = null)
    {
        options ??= SmbTestFrameOptions.Default;
        await _sending.WaitAsync();
        try
        {
            var calls = new SmbTestCall[requests.Length];
            var encryptAs = options.EncryptAs ?? requests[0].Session;
            var encrypts = options.Encrypt ?? requests.Any(request => request.Session?.Encrypts(request.TreeId) ?? false);
            var frame = Compose(requests, encrypts, calls);
            if (options.Compress)
            {
                frame = Compressor!.Compress(frame);
            }
            else if (options.CompressIfShorter)
            {
                frame = Compressor!.TryCompress(frame) ?? frame;
            }

            if (encrypts)
            {
                frame = encryptAs!.Seal(frame);
            }

            if (options.Tamper is { } tamper)
            {
                frame = tamper(frame);
            }

            if (IsClosed)
            {
                foreach (var call in calls)
                {
                    call.Fail(new EndOfStreamException("The server has closed the connection."));
                }
            }

            await WriteFrameAsync(frame);
            return calls;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends a frame of any content: its length in front, and nothing else done to it.</summary>
    public async Task SendFrameAsync(ReadOnlyMemory<byte> frame)
    {
        await _sending.WaitAsync();
        try
        {
            await WriteFrameAsync(frame.ToArray());
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Sends bytes as they are, framing included; only where the transport is a stream of bytes.</summary>
    public async Task SendBytesAsync(ReadOnlyMemory<byte> bytes)
    {
        await Outbound.WaitAsync();
        await _stream!.Output.WriteAsync(bytes);
    }

    /// <summary>Asks for credits until there are as many.</summary>
    public async Task EnsureCreditsAsync(int credits)
    {
        for (var tries = 0; Credits < credits; tries++)
        {
            if (tries > 64)
            {
                throw new SmbTestException($"The server does not grant {credits} credits.");
            }

            await CallAsync(new SmbTestRequest { Command = Smb2Command.Echo, CreditsWanted = (ushort)Math.Clamp(credits * 2, 1, 8192) });
        }
    }

    /// <summary>The next message that no request asked for: a break notification, or an answer to a frame of raw bytes.</summary>
    public async Task<SmbTestResponse> NextUnsolicitedAsync(TimeSpan? patience = null)
    {
        if (!await _unsolicitedCount.WaitAsync(patience ?? TimeSpan.FromSeconds(20)))
        {
            throw new TimeoutException("The server sent nothing by itself.");
        }

        _unsolicited.TryDequeue(out var response);
        return response!;
    }

    /// <summary>Waits until the server has closed; fails after a while when it does not.</summary>
    public Task WaitForCloseAsync() => _closed.Task.WaitAsync(TimeSpan.FromSeconds(20));

    /// <summary>Stops receiving and hands the transport over, for tests that do everything themselves.</summary>
    public async Task<IByteStream> DetachAsync()
    {
        _detaching = true;
        _stream!.Input.CancelPendingRead();
        await _pump;
        return _stream;
    }

    public async ValueTask DisposeAsync()
    {
        Inbound.Open();
        Outbound.Open();
        await _transport.DisposeAsync();
        await _pump;
        _data?.End();
        foreach (var session in _sessions.Values)
        {
            session.Forget(this);
        }

        _sending.Dispose();
        _unsolicitedCount.Dispose();
    }

    internal void Add(SmbTestSession session) => _sessions[session.SessionId] = session;

    internal void Remove(SmbTestSession session) => _sessions.TryRemove(session.SessionId, out _);

    /// <summary>Takes the negotiation as done, for tests that sent NEGOTIATE themselves.</summary>
    internal void Accept(NegotiateAnswer answer)
    {
        Negotiated = answer;
        Dialect = answer.Dialect;
        SigningAlgorithm = SessionKeys.DefaultSigning(Dialect);
        Cipher = (answer.Capabilities & Smb2Capabilities.Encryption) != 0 ? Smb2Cipher.Aes128Ccm : Smb2Cipher.None;
        if (Dialect != Smb2Dialect.Smb311)
        {
            return;
        }

        Cipher = answer.Find(NegotiateContextType.Encryption) is { } cipher
            ? (Smb2Cipher)BinaryPrimitives.ReadUInt16LittleEndian(cipher.AsSpan(2))
            : Smb2Cipher.None;
        if (answer.Find(NegotiateContextType.Signing) is { } signing)
        {
            SigningAlgorithm = (Smb2SigningAlgorithm)BinaryPrimitives.ReadUInt16LittleEndian(signing.AsSpan(2));
        }

        Compressor = answer.Find(NegotiateContextType.Compression) is { } compression ? TestCompressor.Of(compression) : null;
    }

    private void WriteContexts(ref NegotiateContextWriter writer)
    {
        writer.PreauthIntegrity([Smb2HashAlgorithm.Sha512], RandomNumberGenerator.GetBytes(32));
        if (Options.Ciphers.Count > 0)
        {
            writer.Encryption([.. Options.Ciphers]);
        }

        if (Options.SigningAlgorithms.Count > 0)
        {
            writer.Signing([.. Options.SigningAlgorithms]);
        }

        if (Options.RdmaTransforms.Count > 0)
        {
            writer.RdmaTransform([.. Options.RdmaTransforms]);
        }

        if (Options.Compression.Count > 0)
        {
            writer.Compression(
                Options.ChainsCompression ? Smb2CompressionFlags.Chained : Smb2CompressionFlags.None, [.. Options.Compression]);
        }

        if (Options.Posix)
        {
            writer.Posix();
        }

        writer.NetName("server.example");
    }

    private byte[] Compose(SmbTestRequest[] requests, bool encrypts, SmbTestCall[] calls)
    {
        var frame = new ArrayBufferWriter<byte>();
        for (var i = 0; i < requests.Length; i++)
        {
            var request = requests[i];
            var last = i == requests.Length - 1;
            var charge = request.CreditCharge ?? ChargeFor(request.Payload);
            var isCancel = request.Command == Smb2Command.Cancel;
            var messageId = request.MessageId ?? TakeMessageId(isCancel ? 0 : Math.Max(1, (int)charge));
            var sign = request.Sign ?? (!encrypts && request.Session is { Signs: true });
            var body = _data?.Replace(request, messageId, encrypts, sign, this) ?? request.Body;
            var size = Smb2Header.Size + body.Length;
            var length = last ? size : LittleEndian.Align8(size);
            var message = new byte[length];
            new RequestHeader
            {
                Command = request.Command,
                MessageId = messageId,
                CreditCharge = charge,
                Credits = request.CreditsWanted ?? Options.CreditsWanted,
                ChannelSequence = request.ChannelSequence,
                Flags = sign ? request.Flags | Smb2HeaderFlags.Signed : request.Flags,
                NextCommand = request.NextCommand ?? (last ? 0 : (uint)length),
                TreeId = request.TreeId,
                AsyncId = request.AsyncId,
                SessionId = request.SessionId ?? request.Session?.SessionId ?? 0,
            }.Write(message);
            body.CopyTo(message, Smb2Header.Size);
            request.BeforeSigning?.Invoke(message);
            if (sign)
            {
                request.Session!.SignerOn(this).Sign(message);
            }

            request.AfterSigning?.Invoke(message);
            frame.Write(message);
            calls[i] = new SmbTestCall(request, messageId);
            if (!isCancel)
            {
                _calls[messageId] = calls[i];
            }
        }

        return frame.WrittenSpan.ToArray();
    }

    private ushort ChargeFor(long payload) =>
        Dialect == Smb2Dialect.Smb202 ? (ushort)0 : MultiCredit ? (ushort)(((Math.Max(payload, 1) - 1) / 65536) + 1) : (ushort)1;

    private ulong TakeMessageId(int charge)
    {
        Interlocked.Add(ref _credits, -charge);
        return (ulong)(Interlocked.Add(ref _nextMessageId, charge) - charge + 1);
    }

    private async Task WriteFrameAsync(byte[] frame)
    {
        LastFrame = frame;
        var bytes = new byte[_transport.Headroom + frame.Length];
        frame.CopyTo(bytes, _transport.Headroom);
        await Outbound.WaitAsync();
        try
        {
            OutboundFrame[] frames = _sendsTwice ? [new(bytes), new(bytes.ToArray())] : [new(bytes)];
            _sendsTwice = false;
            await _transport.SendAsync(frames);
        }
        catch (InvalidOperationException)
        {
            // The pipe was completed: the calls fail by themselves.
        }
    }

    private async Task PumpAsync()
    {
        Exception? fault = null;
        try
        {
            while (await ReadFrameAsync() is { } frame)
            {
                await Inbound.WaitAsync();
                Take(frame);
            }
        }
        catch (Exception e)
        {
            fault = e;
        }

        if (_detaching)
        {
            return;
        }

        if (fault is null)
        {
            _closed.TrySetResult();
        }
        else
        {
            _closed.TrySetException(fault);
            _ = _closed.Task.Exception;
        }

        var reason = fault ?? new EndOfStreamException("The server has closed the connection.");
        foreach (var call in _calls.Values)
        {
            call.Fail(reason);
        }
    }

    private async Task<byte[]?> ReadFrameAsync()
    {
        await Inbound.WaitAsync();
        var (outcome, message) = await _transport.ReceiveAsync(_longest, CancellationToken.None);
        if (outcome == ReceiveOutcome.Malformed)
        {
            throw new InvalidDataException("The server sent a malformed frame.");
        }

        using (message)
        {
            return message?.Memory.ToArray();
        }
    }

    private void Take(byte[] frame)
    {
        var encrypted = false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) == Smb2TransformHeader.ProtocolId)
        {
            if (!Smb2TransformHeader.TryParse(frame, out var header)
                || !_sessions.TryGetValue(header.SessionId, out var session)
                || session.Sealer is not { } sealer
                || !sealer.TryOpen(frame))
            {
                throw new InvalidDataException("A frame of the server does not decrypt.");
            }

            encrypted = true;
            frame = frame[Smb2TransformHeader.Size..];
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(frame) == CompressionTransformHeader.ProtocolId)
        {
            frame = Compressor?.Decompress(frame) ?? throw new InvalidDataException("The server sent something compressed.");
        }

        for (var rest = frame.AsMemory(); ;)
        {
            if (!Smb2Header.TryParse(rest.Span, out var header) || (header.Flags & Smb2HeaderFlags.ServerToRedirector) == 0)
            {
                throw new InvalidDataException("Not a response.");
            }

            var next = (int)header.NextCommand;
            if (next != 0 && ((next & 7) != 0 || next > rest.Length - Smb2Header.Size))
            {
                throw new InvalidDataException("A compound response whose next one lies outside.");
            }

            Deliver(new SmbTestResponse((next == 0 ? rest : rest[..next]).ToArray(), encrypted) { Arrival = ++_arrivals });
            if (next == 0)
            {
                return;
            }

            rest = rest[next..];
        }
    }

    private void Deliver(SmbTestResponse response)
    {
        Interlocked.Add(ref _credits, response.Credits);
        // As clients do: the answer that there is no such session is marked as signed to a signed request, but nobody has a key for it.
        if (response.IsSigned && response.Status != NtStatus.UserSessionDeleted
            && _sessions.TryGetValue(response.SessionId, out var session)
            && !response.HasValidSignature(session.SignerOn(this)))
        {
            throw new InvalidDataException("A response of the server has a wrong signature.");
        }

        if (response.MessageId != Smb2Header.UnsolicitedMessageId && _calls.TryGetValue(response.MessageId, out var call))
        {
            response = _data?.Restore(response, this) ?? response;
            if (!response.IsInterim)
            {
                _calls.TryRemove(response.MessageId, out _);
            }

            call.Deliver(response);
            return;
        }

        if (Unsolicited is { } take)
        {
            take(response);
            return;
        }

        _unsolicited.Enqueue(response);
        _unsolicitedCount.Release();
    }
}
